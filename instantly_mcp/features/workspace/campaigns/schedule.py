"""A campaign's schedule, made from the times, days and dates that a tool takes.

A schedule consists of windows, each with hours, weekdays and a time zone, and of a
first and a last day. The tools know campaigns with one window; several windows are
written in the API's own form, ``campaign_schedule``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from ...._json_codec import Json, JsonObject
from ....catalog.index import BY_ID
from ...results import CallRefusedError
from ..dates import days_in_order
from ..timezones import (
    MINUTES_A_DAY,
    MappedWindow,
    TimezoneMap,
    clock_time,
    minutes_of,
)
from .sending_windows import asked_zone, schedule_of
from .taken_members import taken_members

WEEK = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
"""The days in the order of the API, which names them by their place."""

WINDOW_DEFAULTS: Mapping[str, Json] = {
    "timezone": "America/Chicago",
    "timing_from": "09:00",
    "timing_to": "17:00",
    "days": list(WEEK[1:6]),
}
DATES = ("start_date", "end_date")
ARGUMENTS = (*WINDOW_DEFAULTS, *DATES)
"""The arguments of a tool that together make a schedule."""

WINDOW_NAME = "Sending window"
"""The name of a window, followed by the zone that was asked for if it is another one.

So a later change of its hours, and a person who reads them, can use that zone again.
"""


@frozen
class PlacedSchedule:
    """A schedule as the API takes it.

    :param placements: how each window was placed in a zone that the API supports.
    """

    schedule: JsonObject
    placements: Sequence[MappedWindow]

    def as_object(self) -> JsonObject:
        """Return how the windows were placed, for a result; empty if none was."""
        placed = [each.as_object() for each in self.placements]
        if not placed:
            return {}
        return {"timezone": placed[0]} if len(placed) == 1 else {"timezones": placed}


def new_schedule(zones: TimezoneMap, settled: JsonObject) -> PlacedSchedule:
    """Return a schedule of one window.

    :param settled: all `ARGUMENTS` but perhaps the dates.
    :raises CallRefusedError: when the window is empty, its zone has no match, or the
        dates are not in order.
    """
    return _whole({}, _window(zones, settled, {"name": WINDOW_NAME}), settled)


def changed_schedule(
    zones: TimezoneMap, campaign: JsonObject, given: JsonObject
) -> PlacedSchedule:
    """Return a campaign's schedule in which only what is given is changed.

    Times without a zone are times in the zone of the campaign's window. A date that is
    null is removed.

    :raises CallRefusedError: as `new_schedule`, and when the campaign has several
        windows and one of them would have to be changed.
    """
    schedule = _known(schedule_of(campaign))
    windows = schedule.get("schedules") or []
    asked = {n: given[n] for n in WINDOW_DEFAULTS if given.get(n) is not None}
    if asked and len(windows) > 1:
        raise _several(windows, asked)
    if windows and not asked:
        return _whole(schedule, None, given)
    window = windows[0] if windows else {}
    settled = {**WINDOW_DEFAULTS, **_in_asked_zone(zones, window), **asked}
    named = {"name": WINDOW_NAME, **window}
    return _whole(schedule, _window(zones, settled, named), given)


def placed_schedule(zones: TimezoneMap, schedule: JsonObject) -> PlacedSchedule:
    """Return a schedule in the API's own form, with all its windows placed.

    :raises CallRefusedError: when a window is empty, or its zone has no match.
    """
    windows, placements = [], []
    for each in schedule["schedules"]:
        timing = each["timing"]
        window = zones.map_window(each["timezone"], timing["from"], timing["to"])
        placements.append(window)
        windows.append({**each, **_placed(window)})
    return PlacedSchedule({**schedule, "schedules": windows}, placements)


def _window(
    zones: TimezoneMap, settled: JsonObject, kept: JsonObject
) -> tuple[JsonObject, MappedWindow]:
    placed = zones.map_window(
        settled["timezone"], settled["timing_from"], settled["timing_to"]
    )
    if str(kept["name"]).startswith(WINDOW_NAME):
        same = placed.used == placed.asked
        kept = {**kept, "name": WINDOW_NAME if same else _named_after(placed.asked)}
    wanted = {str(day).lower() for day in settled["days"]}
    days = {str(number): day in wanted for number, day in enumerate(WEEK)}
    return {**kept, **_placed(placed), "days": days}, placed


def _placed(window: MappedWindow) -> JsonObject:
    return {
        "timing": {"from": window.start, "to": window.end},
        "timezone": window.used,
    }


def _whole(
    schedule: JsonObject,
    window: tuple[JsonObject, MappedWindow] | None,
    given: JsonObject,
) -> PlacedSchedule:
    dates = {name: given[name] for name in DATES if name in given}
    whole = {**schedule, **dates}
    days_in_order(whole.get("start_date"), whole.get("end_date"))
    if window is None:
        return PlacedSchedule(whole, ())
    return PlacedSchedule({**whole, "schedules": [window[0]]}, (window[1],))


def _arguments_of(window: JsonObject) -> JsonObject:
    """Return the arguments that would make a window; less for a malformed one."""
    timing, days = window.get("timing"), window.get("days")
    found: dict[str, Json] = {}
    if isinstance(window.get("timezone"), str):
        found["timezone"] = window["timezone"]
    for name, edge in (("timing_from", "from"), ("timing_to", "to")):
        if isinstance(timing, dict) and isinstance(timing.get(edge), str):
            found[name] = timing[edge]
    if isinstance(days, dict):
        chosen = (str(number) for number, on in days.items() if on)
        found["days"] = [WEEK[int(each)] for each in chosen if each in set("0123456")]
    return found


def _in_asked_zone(zones: TimezoneMap, window: JsonObject) -> JsonObject:
    """Return a window's arguments in the zone that its name remembers, if any."""
    found = _arguments_of(window)
    asked = asked_zone(str(window.get("name")))
    times = [found.get(name) for name in ("timing_from", "timing_to")]
    if asked is None or None in times or "timezone" not in found:
        return found
    ahead = zones.difference(found["timezone"], asked)
    if ahead is None:
        return found
    first, last = (minutes_of(str(time)) - ahead for time in times)
    if not 0 <= first < last < MINUTES_A_DAY:
        return found
    placed = {"timing_from": clock_time(first), "timing_to": clock_time(last)}
    return {**found, **placed, "timezone": asked}


def _named_after(zone: str) -> str:
    return f"{WINDOW_NAME} ({zone})"


def _several(windows: Sequence[JsonObject], asked: JsonObject) -> CallRefusedError:
    shown = []
    for window in windows:
        found = _arguments_of(window)
        hours = f"{found.get('timing_from')}-{found.get('timing_to')}"
        days = ", ".join(day[:3] for day in found.get("days", ()))
        shown.append(f"{hours} on {days} ({found.get('timezone')})")
    return CallRefusedError(
        "several_windows",
        f"The campaign has {len(windows)} sending windows: {'; '.join(shown)}. "
        f"{', '.join(asked)} cannot say which of them to change.",
        "Give campaign_schedule with all windows, in the form of Instantly's API, as "
        "get_campaign shows it.",
    )


def _known(schedule: JsonObject) -> JsonObject:
    """Return a schedule without members that the API shows but does not take."""
    schema = BY_ID["patchCampaign"].by_name["campaign_schedule"].schema
    return taken_members(schedule, schema, "schedules")
