"""The sending windows of a campaign, and when the next of them opens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from ...._json_codec import Json, JsonObject
from ..reply_values import as_list, as_object

DAY_NAMES = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
SEARCHED_DAYS = 15
"""Number of days, from the first sending day on, searched for the next window."""

_ASKED_ZONE = re.compile(r" \(([A-Za-z_]+(?:/[A-Za-z0-9_+-]+)*)\)$")

LAST_YEAR = 9000
"""A schedule that begins later never sends; Python's dates end with the year 9999."""


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
        if begin.year > LAST_YEAR:
            return None
        for ahead in range(SEARCHED_DAYS):
            day = begin + timedelta(days=ahead)
            if day.isoweekday() % 7 not in self.days:
                continue
            opening = datetime.combine(day, self.start, zone)
            if local < datetime.combine(day, self.end, zone):
                return max(opening, local)
        return None


def asked_zone(name: str) -> str | None:
    """Return the zone at the end of a window's name, as this server names windows.

    Instantly supports few zones; the hours are stored in one of them, and the zone that
    was asked for is remembered there.
    """
    found = _ASKED_ZONE.search(name)
    return found[1] if found and zone_named(found[1]) else None


def zone_named(name: str) -> ZoneInfo | None:
    """Return a time zone, or ``None`` for a name that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def windows_of(campaign: JsonObject) -> Sequence[SendingWindow]:
    """Return the windows of a campaign, without malformed ones."""
    listed = as_list(schedule_of(campaign).get("schedules"))
    found = [_window(each) for each in listed if isinstance(each, dict)]
    return [window for window in found if window is not None]


def schedule_of(campaign: JsonObject) -> JsonObject:
    """Return the schedule of a campaign; empty if it has none."""
    schedule = campaign.get("campaign_schedule")
    return as_object(schedule)


def next_opening(
    campaign: JsonObject, now: datetime, *, another_day: bool = False
) -> datetime | None:
    """Return when a campaign may send next: `now` if a window is open.

    :param now: with a time zone.
    :param another_day: leave out what is left of the day, in the zone of each window.
    :returns: in the zone of the window, or the one that was asked for; ``None`` if no
        window opens, or none is known.
    """
    schedule = schedule_of(campaign)
    first, last = day_of(schedule.get("start_date")), day_of(schedule.get("end_date"))
    openings = []
    for window in windows_of(campaign):
        zone = zone_named(window.zone)
        if zone is None:
            continue
        moment = now.astimezone(zone)
        if another_day:
            tomorrow = moment.date() + timedelta(days=1)
            moment = datetime.combine(tomorrow, time(), zone)
        opening = window.opens_after(moment, first)
        if opening is not None and (last is None or opening.date() <= last):
            shown = zone_named(asked_zone(window.name) or window.zone)
            openings.append(opening.astimezone(shown))
    return min(openings, default=None)


def in_zones(moment: datetime, zone: str | None) -> dict[str, str]:
    """Return a time in the campaign's zone, in UTC, and in a requested zone."""
    shown = "%a %Y-%m-%d %H:%M"
    found = {
        "there": f"{moment:{shown}} ({moment.tzinfo})",
        "utc": f"{moment.astimezone(UTC):{shown}}",
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


def day_of(text: Json) -> date | None:
    """Return a date that a reply has, or ``None`` for anything else."""
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None
