"""Check of the schedule, and when its next window opens in a given local time."""

from __future__ import annotations

from collections.abc import Iterator

from ...._json_codec import Json
from ..campaigns.sending_windows import (
    day_of,
    in_zones,
    next_opening,
    schedule_of,
    windows_of,
    zone_named,
)
from ..reply_values import as_list
from .check import Check
from .survey import CampaignSurvey

FIX_WINDOW = (
    "Give it one with update_campaign: days, timing_from, timing_to and timezone."
)
FIX_END = "Set a later end_date with update_campaign."


def schedule_checks(survey: CampaignSurvey, zone: str | None = None) -> Iterator[Check]:
    """Yield the check of the schedule.

    :param zone: an IANA zone in which the next window is given, too.
    """
    schedule = schedule_of(survey.campaign)
    windows = windows_of(survey.campaign)
    if len(windows) < len(as_list(schedule.get("schedules"))):
        yield Check("schedule", "unknown", "A sending window could not be understood.")
        return
    windows = [window for window in windows if window.days]
    if not windows:
        says = "It has no sending window on any day."
        yield Check("schedule", "fail", says, fix=FIX_WINDOW)
        return
    facts: dict[str, Json] = {"windows": [window.as_object() for window in windows]}
    for name in ("start_date", "end_date"):
        if schedule.get(name):
            facts[name] = schedule[name]
    soonest = next_opening(survey.campaign, survey.now)
    if soonest is not None:
        facts["next_window"] = in_zones(soonest, zone)
        says = f"It sends next from {in_zones(soonest, zone)['there']}."
        yield Check("schedule", "ok", says, facts)
    elif all(zone_named(window.zone) for window in windows) and day_of(
        schedule.get("end_date")
    ):
        says = f"No window is left before its end, {schedule['end_date']}."
        yield Check("schedule", "fail", says, facts, FIX_END)
    else:
        yield Check("schedule", "unknown", "The next window is not known.", facts)
