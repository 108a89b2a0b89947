"""Check of the schedule, and when its next window opens in a given local time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from ...._json_codec import Json, JsonObject
from ..conversions import as_list
from .check import Check
from .survey import CampaignSurvey

DAY_NAMES = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
FIX_WINDOW = (
    "Give it one with update_campaign: days, timing_from, timing_to and timezone."
)
FIX_END = "Set a later end_date with update_campaign."
SEARCHED_DAYS = 15
"""Number of days, from the first sending day on, searched for the next window."""


@frozen(kw_only=True)
class SendingWindow:
    """One sending window of a campaign.

    :param days: day numbers of the API; 0 is Sunday.
    """

    name: str
    zone: str
    start: time
    end: time
    days: frozenset[int]

    def as_object(self) -> JsonObject:
        """Return the window as JSON, with names of days."""
        return {
            "name": self.name,
            "days": [DAY_NAMES[day] for day in sorted(self.days)],
            "from": f"{self.start:%H:%M}",
            "to": f"{self.end:%H:%M}",
            "timezone": self.zone,
        }

    def opens_after(self, now: datetime, first: date | None) -> datetime | None:
        """Return when the window is next open, in its zone: `now` if it is open.

        :param first: the campaign's first day, if it has one.
        """
        zone = zone_named(self.zone)
        if zone is None:
            return None
        local = now.astimezone(zone)
        begin = max(local.date(), first) if first else local.date()
        for ahead in range(SEARCHED_DAYS):
            day = begin + timedelta(days=ahead)
            if day.isoweekday() % 7 not in self.days:
                continue
            opening = datetime.combine(day, self.start, zone)
            if local < datetime.combine(day, self.end, zone):
                return max(opening, local)
        return None


def zone_named(name: str) -> ZoneInfo | None:
    """Return a time zone, or ``None`` for a name that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def windows_of(campaign: JsonObject) -> Sequence[SendingWindow]:
    """Return the windows of a campaign, without malformed ones."""
    schedule = campaign.get("campaign_schedule")
    listed = schedule.get("schedules") if isinstance(schedule, dict) else None
    found = [_window(each) for each in as_list(listed) if isinstance(each, dict)]
    return [window for window in found if window is not None]


def schedule_checks(survey: CampaignSurvey, zone: str | None = None) -> Iterator[Check]:
    """Yield the check of the schedule.

    :param zone: an IANA zone in which the next window is given, too.
    """
    schedule = survey.campaign.get("campaign_schedule")
    schedule = schedule if isinstance(schedule, dict) else {}
    windows = [window for window in windows_of(survey.campaign) if window.days]
    if not windows:
        says = "It has no sending window on any day."
        yield Check("schedule", "fail", says, fix=FIX_WINDOW)
        return
    facts: dict[str, Json] = {"windows": [window.as_object() for window in windows]}
    for name in ("start_date", "end_date"):
        if schedule.get(name):
            facts[name] = schedule[name]
    last = _day(schedule.get("end_date"))
    if last is not None and last < survey.now.date():
        yield Check("schedule", "fail", "Its last day is in the past.", facts, FIX_END)
        return
    first = _day(schedule.get("start_date"))
    openings = [window.opens_after(survey.now, first) for window in windows]
    known = [opening for opening in openings if opening is not None]
    if not known:
        yield Check("schedule", "unknown", "The next window is not known.", facts)
        return
    soonest = min(known)
    facts["next_window"] = in_zones(soonest, zone)
    if last is not None and soonest.date() > last:
        says = "No window is left before its end."
        yield Check("schedule", "fail", says, facts, FIX_END)
        return
    says = f"It sends next from {in_zones(soonest, zone)['there']}."
    yield Check("schedule", "ok", says, facts)


def in_zones(moment: datetime, zone: str | None) -> dict[str, str]:
    """Return a time in the campaign's zone, in UTC, and in a requested zone."""
    shown = "%a %Y-%m-%d %H:%M"
    found = {
        "there": f"{moment:{shown}} ({moment.tzinfo})",
        "utc": f"{moment.astimezone(ZoneInfo('UTC')):{shown}}",
    }
    local = zone_named(zone) if zone else None
    if local is not None:
        found["local"] = f"{moment.astimezone(local):{shown}} ({zone})"
    return found


def _window(each: JsonObject) -> SendingWindow | None:
    timing, days = each.get("timing"), each.get("days")
    if not isinstance(timing, dict) or not isinstance(days, dict):
        return None
    try:
        start = time.fromisoformat(str(timing["from"]))
        end = time.fromisoformat(str(timing["to"]))
        chosen = frozenset(int(day) for day, on in days.items() if on)
    except (KeyError, ValueError):
        return None
    return SendingWindow(
        name=str(each.get("name") or ""),
        zone=str(each.get("timezone") or ""),
        start=start,
        end=end,
        days=chosen & frozenset(range(7)),
    )


def _day(text: Json) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None
