"""When a campaign may send."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.sandbox.schedule import local_day, next_day, next_opening, zone_named

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC).timestamp()
ZONES = ("America/Chicago", "Europe/Belgrade", "Asia/Kolkata", "Etc/GMT+12")
HOURS = st.integers(0, 23)


def window(
    start: str = "09:00",
    end: str = "17:00",
    days: str = "12345",
    zone: str = "America/Chicago",
) -> dict[str, Any]:
    """One window of a schedule."""
    return {
        "name": "w",
        "timing": {"from": start, "to": end},
        "days": dict.fromkeys(days, True),
        "timezone": zone,
    }


def moment(text: str) -> float:
    """A moment from ISO text."""
    return datetime.fromisoformat(text).timestamp()


class OpeningTests(SynchronousTestCase):
    def test_inside(self) -> None:
        """Inside a window it is open now."""
        schedule = {"schedules": [window(zone="Europe/Belgrade")]}
        self.assertEqual(next_opening(schedule, MONDAY), MONDAY)

    def test_later_today_and_after_the_weekend(self) -> None:
        """Outside, it opens at the next window's begin, in the window's zone."""
        schedule = {"schedules": [window()]}
        self.assertEqual(
            next_opening(schedule, MONDAY), moment("2026-11-02T15:00:00+00:00")
        )
        friday = moment("2026-11-06T23:30:00+00:00")
        self.assertEqual(
            next_opening(schedule, friday), moment("2026-11-09T15:00:00+00:00")
        )

    def test_dates(self) -> None:
        """Before the first date it opens then; after the last it never does."""
        schedule = {"schedules": [window()], "start_date": "2027-01-04"}
        self.assertEqual(
            next_opening(schedule, MONDAY), moment("2027-01-04T15:00:00+00:00")
        )
        schedule = {"schedules": [window()], "end_date": "2026-11-01"}
        self.assertIsNone(next_opening(schedule, MONDAY))

    def test_never(self) -> None:
        """A window without days, or that closes before it opens, is never open."""
        for closed in (window(days=""), window(start="17:00", end="09:00")):
            self.assertIsNone(next_opening({"schedules": [closed]}, MONDAY))
        self.assertIsNone(next_opening({"schedules": []}, MONDAY))

    def test_earliest_of_several(self) -> None:
        """Of several windows the first to open counts."""
        schedule = {"schedules": [window(), window("12:00", "13:00", "1", ZONES[1])]}
        self.assertEqual(
            next_opening(schedule, MONDAY), moment("2026-11-02T11:00:00+00:00")
        )

    def test_unknown_zone_is_utc(self) -> None:
        """A time zone that this machine does not have counts as UTC."""
        self.assertIs(zone_named("Nowhere/Land"), UTC)

    def test_next_day(self) -> None:
        """The campaign's day changes at midnight where the campaign is."""
        schedule = {"schedules": [window()]}
        self.assertEqual(
            next_day(schedule, MONDAY), moment("2026-11-03T06:00:00+00:00")
        )
        self.assertEqual(local_day(schedule, MONDAY).isoformat(), "2026-11-02")

    @given(
        opens=HOURS,
        closes=HOURS,
        days=st.sets(st.sampled_from("0123456")),
        zone=st.sampled_from(ZONES),
        ahead=st.floats(0, 400 * 86400),
    )
    def test_an_opening_is_open(
        self, opens: int, closes: int, days: set[str], zone: str, ahead: float
    ) -> None:
        """The moment found is not past, is open, and is the earliest one."""
        one = window(f"{opens:02}:00", f"{closes:02}:00", "".join(days), zone)
        schedule = {"schedules": [one]}
        found = next_opening(schedule, MONDAY + ahead)
        if not days or opens >= closes:
            self.assertIsNone(found)
            return
        assert found is not None
        self.assertGreaterEqual(found, MONDAY + ahead)
        self.assertEqual(next_opening(schedule, found), found)
        local = datetime.fromtimestamp(found, zone_named(zone))
        self.assertIn(str(local.isoweekday() % 7), days)
        self.assertTrue(opens <= local.hour < closes)
