"""When a campaign may send: pure functions over the schedule that the API accepts.

Moments are seconds since 1970. A window is an entry of ``schedules``: hours of certain
weekdays in a time zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .records import ApiObject

_DAYS_AHEAD = 8
_LAST_START_DATE = date(9000, 1, 1)
"""A campaign that begins later never sends; Python's dates end with the year 9999."""


def zone_named(name: str) -> tzinfo:
    """Return a time zone, or UTC if this machine does not have it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def next_opening(schedule: ApiObject, when: float) -> float | None:
    """Return the first moment from `when` on at which a window is open.

    ``None`` means never: no weekday is chosen, or the last day is over.
    """
    openings = [
        _opening_of(window, schedule, when) for window in schedule.get("schedules", ())
    ]
    return min((found for found in openings if found is not None), default=None)


def local_day(schedule: ApiObject, when: float) -> date:
    """Return the date in the time zone of the campaign's first window."""
    return datetime.fromtimestamp(when, _first_zone(schedule)).date()


def next_day(schedule: ApiObject, when: float) -> float:
    """Return the next midnight in the time zone of the campaign's first window."""
    zone = _first_zone(schedule)
    tomorrow = datetime.fromtimestamp(when, zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).timestamp()


def _first_zone(schedule: ApiObject) -> tzinfo:
    windows = schedule.get("schedules") or ({"timezone": "UTC"},)
    return zone_named(windows[0]["timezone"])


def _opening_of(window: ApiObject, schedule: ApiObject, when: float) -> float | None:
    zone = zone_named(window["timezone"])
    opens, closes = (
        time.fromisoformat(window["timing"][edge]) for edge in ("from", "to")
    )
    if opens >= closes:
        return None
    first, last = _date(schedule, "start_date"), _date(schedule, "end_date")
    today = datetime.fromtimestamp(when, zone).date()
    begin = max(today, first) if first else today
    if begin > _LAST_START_DATE:
        return None
    for ahead in range(_DAYS_AHEAD):
        day = begin + timedelta(days=ahead)
        if last and day > last:
            return None
        if not window["days"].get(str(day.isoweekday() % 7)):
            continue
        if when < datetime.combine(day, closes, zone).timestamp():
            return max(when, datetime.combine(day, opens, zone).timestamp())
    return None


def _date(schedule: ApiObject, name: str) -> date | None:
    text = schedule.get(name)
    return date.fromisoformat(text) if text else None
