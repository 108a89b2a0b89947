"""Time zones: exact where possible, shifted where constant, refused otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.catalog.timezones import TIMEZONES
from instantly_mcp.features.results import CallRefusedError
from instantly_mcp.features.workspace.timezones import (
    NAMES_OF_CLOCKS,
    MappedWindow,
    TimezoneMap,
)

TODAY = date(2026, 1, 15)
REGIONS = {
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
}
PLACES = sorted(n for n in available_timezones() if n.split("/")[0] in REGIONS)


def zones() -> TimezoneMap:
    """Return a map whose today is in January 2026."""
    return TimezoneMap(lambda: TODAY)


def moment(zone: str, day: date, clock: str) -> datetime:
    """Return the instant of a local clock time."""
    hours, minutes = clock.split(":")
    local = datetime.combine(day, time(int(hours), int(minutes)), ZoneInfo(zone))
    return local.astimezone(UTC)


class PlaceTests(SynchronousTestCase):
    def test_a_zone_of_the_list_is_itself(self) -> None:
        """A supported zone is not changed."""
        self.assertEqual(
            zones().map_window("America/Chicago", "09:00", "17:00"),
            MappedWindow(
                asked="America/Chicago",
                used="America/Chicago",
                start="09:00",
                end="17:00",
            ),
        )

    def test_equal_zones(self) -> None:
        """Well-known zones map to one with the same clocks, if possible nearby."""
        for asked, used in (
            ("America/New_York", "America/Detroit"),
            ("US/Eastern", "America/Detroit"),
            ("America/Denver", "America/Boise"),
            ("Europe/London", "Europe/Isle_of_Man"),
            ("Europe/Paris", "Europe/Belgrade"),
            ("Asia/Tokyo", "Asia/Dili"),
            ("Asia/Singapore", "Asia/Hong_Kong"),
            ("Australia/Sydney", "Australia/Melbourne"),
        ):
            placed = zones().map_window(asked, "09:00", "17:00")
            self.assertEqual(placed.shifted, 0, asked)
            self.assertEqual(placed.used, used, asked)

    def test_pacific_time_is_shifted(self) -> None:
        """Nine to five in Los Angeles is ten to six in Boise, all year."""
        placed = zones().map_window("America/Los_Angeles", "09:00", "17:00")
        self.assertEqual(
            placed,
            MappedWindow(
                asked="America/Los_Angeles",
                used="America/Boise",
                start="10:00",
                end="18:00",
                shifted=60,
            ),
        )
        self.assertEqual(
            placed.as_object(),
            {
                "asked": "America/Los_Angeles",
                "used": "America/Boise",
                "shifted_minutes": 60,
                "window_in_used_zone": "10:00-18:00",
            },
        )

    def test_known_shifts(self) -> None:
        """Zones without an equal differ from a supported one by a constant."""
        for asked, used, shifted in (
            ("America/Adak", "America/Anchorage", 60),
            ("Pacific/Chatham", "Pacific/Auckland", -45),
            ("Pacific/Norfolk", "Australia/Melbourne", -60),
            ("Pacific/Easter", "America/Santiago", 120),
        ):
            placed = zones().map_window(asked, "09:00", "17:00")
            self.assertEqual((placed.used, placed.shifted), (used, shifted), asked)

    def test_nights_of_change_do_not_count(self) -> None:
        """Havana changes its clocks hours before Detroit, at night: equal."""
        placed = zones().map_window("America/Havana", "09:00", "17:00")
        self.assertEqual((placed.used, placed.shifted), ("America/Detroit", 0))

    def test_most_of_the_world_is_exact(self) -> None:
        """Nine zones in ten need no shift, and few cannot be mapped at all."""
        exact = shifted = 0
        for name in PLACES:
            try:
                placed = zones_of_the_class.map_window(name, "09:00", "17:00")
            except CallRefusedError:
                continue
            exact += placed.shifted == 0
            shifted += placed.shifted != 0
        self.assertGreater(exact, 0.9 * len(PLACES))
        self.assertGreater(exact + shifted, 0.97 * len(PLACES))

    def test_a_window_that_would_cross_midnight(self) -> None:
        """A shift across midnight is not used; suggestions are given."""
        with self.assertRaises(CallRefusedError) as caught:
            zones().map_window("America/Los_Angeles", "00:00", "23:59")
        self.assertEqual(caught.exception.code, "timezone_unavailable")
        self.assertEqual(len(caught.exception.facts["suggestions"]), 3)

    def test_unknown_zones(self) -> None:
        """An unknown name is refused, with suggestions."""
        for asked, meant in (
            ("America/NewYork", "America/New_York"),
            ("Los Angeles", "America/Los_Angeles"),
            ("Europe/Berlim", "Europe/Berlin"),
        ):
            with self.assertRaises(CallRefusedError) as caught:
                zones().map_window(asked, "09:00", "17:00")
            self.assertEqual(caught.exception.code, "unknown_timezone")
            self.assertIn(meant, caught.exception.facts["suggestions"])

    def test_names_of_clocks(self) -> None:
        """An abbreviation is answered with its zones, never with a similar one."""
        for asked, meant in (
            ("PST", ["America/Los_Angeles"]),
            ("Pacific Time", ["America/Los_Angeles"]),
            ("CEST", ["Europe/Berlin", "Europe/Paris"]),
            ("XST", []),
        ):
            with self.assertRaises(CallRefusedError) as caught:
                zones().map_window(asked, "09:00", "17:00")
            self.assertEqual(caught.exception.facts["suggestions"], meant)
        for names in NAMES_OF_CLOCKS.values():
            self.assertLessEqual({*names}, available_timezones())

    def test_hostile_names(self) -> None:
        """A path is not a zone, whatever file it names."""
        for asked in ("../../etc/passwd", "/etc/localtime", "", "a\0b", "x" * 5000):
            with self.assertRaises(CallRefusedError):
                zones().map_window(asked, "09:00", "17:00")

    def test_empty_windows(self) -> None:
        """A window ends after it starts."""
        for start, end in (("17:00", "09:00"), ("09:00", "09:00")):
            with self.assertRaises(CallRefusedError):
                zones().map_window("America/Chicago", start, end)

    @settings(deadline=None, max_examples=60)
    @given(
        st.sampled_from(PLACES),
        st.integers(0, 22),
        st.integers(1, 12),
        st.integers(0, 728),
    )
    def test_mail_leaves_at_the_hour_that_was_meant(
        self, zone: str, first: int, hours: int, later: int
    ) -> None:
        """On every day of two years the mapped window is the same."""
        start, end = f"{first:02d}:30", f"{min(first + hours, 23):02d}:45"
        try:
            placed = zones_of_the_class.map_window(zone, start, end)
        except CallRefusedError:
            return
        day = TODAY + timedelta(days=later)
        if changes_clocks_on(zone, day) or changes_clocks_on(placed.used, day):
            return
        self.assertEqual(
            moment(zone, day, start), moment(placed.used, day, placed.start)
        )
        self.assertEqual(moment(zone, day, end), moment(placed.used, day, placed.end))

    def test_the_map_follows_the_calendar(self) -> None:
        """A daemon that runs for years compares from the present day on."""
        days = [date(2026, 1, 15)]
        zone_map = TimezoneMap(lambda: days[-1])
        winter = zone_map.map_window("America/Los_Angeles", "09:00", "17:00")
        days.append(date(2026, 7, 15))
        self.assertEqual(
            zone_map.map_window("America/Los_Angeles", "09:00", "17:00"), winter
        )

    def test_the_list_is_in_the_database(self) -> None:
        """This machine's database has every zone that the API supports."""
        self.assertTrue(set(TIMEZONES) <= available_timezones())


def changes_clocks_on(zone: str, day: date) -> bool:
    """Return whether clocks change within a day of noon."""
    noon = datetime.combine(day, time(12), UTC)
    around = (noon - timedelta(hours=24), noon, noon + timedelta(hours=24))
    return len({m.astimezone(ZoneInfo(zone)).utcoffset() for m in around}) > 1


zones_of_the_class = zones()
"""One map for all examples: its first use compares 102 zones."""
