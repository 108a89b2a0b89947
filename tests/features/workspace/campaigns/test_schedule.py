"""Schedules: one change at a time makes the same as all of them at once."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.features.results import CallRefusedError
from instantly_mcp.features.workspace.campaigns.schedule import (
    WEEK,
    WINDOW_DEFAULTS,
    changed_schedule,
    new_schedule,
)
from instantly_mcp.features.workspace.campaigns.sending_windows import windows_of
from instantly_mcp.features.workspace.timezones import TimezoneMap, clock_time

ZONES = TimezoneMap(lambda: date(2026, 1, 15))
ONE_OF_THEM = st.sampled_from(
    (
        *("America/Chicago", "America/Los_Angeles", "Asia/Kolkata", "Atlantic/Azores"),
        *("America/New_York", "Pacific/Chatham", "Europe/Berlin"),
    )
)
TIMES = st.integers(2 * 60, 22 * 60).map(clock_time)
DATES = st.dates(date(2026, 1, 1), date(2027, 1, 1)).map(str)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "timezone": ONE_OF_THEM,
    "timing_from": TIMES,
    "timing_to": TIMES,
    "days": st.lists(st.sampled_from(WEEK), min_size=1, unique=True),
    "start_date": DATES,
    "end_date": DATES,
}
CHANGES = st.fixed_dictionaries({}, optional=VALUES)


def made(settled: JsonObject) -> JsonObject:
    """Return a new schedule; pass over arguments that make none."""
    try:
        return new_schedule(ZONES, settled).schedule
    except CallRefusedError:
        assume(False)
        raise


class ChangedScheduleTests(SynchronousTestCase):
    @given(CHANGES, CHANGES)
    def test_as_if_created_so(self, first: JsonObject, then: JsonObject) -> None:
        """Changing a schedule is the same as creating it with the changes."""
        before: dict[str, Any] = {**WINDOW_DEFAULTS, **first}
        schedule = made(before)
        together = made({**before, **then})
        campaign = {"campaign_schedule": schedule}
        changed = changed_schedule(ZONES, campaign, then).schedule
        self.assertEqual(changed, together)

    @given(CHANGES)
    def test_nothing(self, first: JsonObject) -> None:
        """Without a change the schedule stays as it is, and can be read."""
        schedule = made({**WINDOW_DEFAULTS, **first})
        campaign = {"campaign_schedule": schedule}
        self.assertEqual(changed_schedule(ZONES, campaign, {}).schedule, schedule)
        (window,) = windows_of(campaign)
        self.assertTrue(window.days)
        self.assertLess(window.start, window.end)
