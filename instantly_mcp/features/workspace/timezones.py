"""Maps any IANA time zone to one of the few that the API supports.

The mapping is computed from the time zone database, not tabulated. The first match is
used: a supported zone whose clocks agree for the next two years; a supported zone that
differs by a constant, with the sending window shifted by it; else the zone is refused
with suggestions. Clocks are compared each day at noon UTC, because no zone changes its
clocks at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from attrs import define, field, frozen

from ...catalog.timezones import TIMEZONES
from ..results import CallRefusedError

Profile: TypeAlias = tuple[tuple[int, int], ...]
"""Pairs of day and UTC offset in minutes: day 0, then each day of a change."""

COMPARED_DAYS = 731
"""Two years: the period for which two zones must agree."""

STRIDE_DAYS = 7
"""No zone changes its clocks and changes them back within a week."""

MINUTES_A_DAY = 24 * 60

_CLOCKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pst pdt pt pacific pacific_time", ("America/Los_Angeles",)),
    ("mdt mt mountain mountain_time", ("America/Denver",)),
    ("cst", ("America/Chicago", "Asia/Shanghai")),
    ("cdt ct central central_time", ("America/Chicago",)),
    ("edt et eastern eastern_time", ("America/New_York",)),
    ("akst akdt", ("America/Anchorage",)),
    ("bst", ("Europe/London",)),
    ("cest", ("Europe/Berlin", "Europe/Paris")),
    ("eest", ("Europe/Athens", "Europe/Helsinki")),
    ("ist", ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem")),
    ("jst", ("Asia/Tokyo",)),
    ("sgt", ("Asia/Singapore",)),
    ("aest aedt", ("Australia/Sydney",)),
)
NAMES_OF_CLOCKS = {name: zones for names, zones in _CLOCKS for name in names.split()}
"""What people call a clock, and the zones that it may be: for suggestions only."""

MAX_ABBREVIATION = 4
"""Letters up to which a name is an abbreviation: a similar one is another clock."""


@frozen(kw_only=True)
class MappedWindow:
    """A sending window in a zone that the API supports.

    :param asked: the zone that was requested.
    :param used: the supported zone that replaces it.
    :param start: ``HH:MM`` in `used`.
    :param end: ``HH:MM`` in `used`.
    :param shifted: minutes by which the window was moved.
    """

    asked: str
    used: str
    start: str
    end: str
    shifted: int = 0

    def as_object(self) -> dict[str, object]:
        """Return the description for a result."""
        report: dict[str, object] = {"asked": self.asked, "used": self.used}
        if self.shifted:
            report["shifted_minutes"] = self.shifted
        report["window_in_used_zone"] = f"{self.start}-{self.end}"
        return report


@define(eq=False)
class TimezoneMap:
    """Maps sending windows; caches the offsets of the supported zones for a day."""

    today: Callable[[], date]
    _day: date | None = field(default=None, init=False)
    _profiles: dict[str, Profile] = field(factory=dict, init=False)

    def map_window(self, zone: str, start: str, end: str) -> MappedWindow:
        """Map a window of local time to a supported zone.

        :param start: ``HH:MM`` in `zone`.
        :param end: ``HH:MM`` in `zone`, later on the same day.
        :raises CallRefusedError: when the zone does not exist, the window is empty, or
            no supported zone differs by a constant.
        """
        first, last = minutes_of(start), minutes_of(end)
        if first >= last:
            raise CallRefusedError(
                "bad_argument",
                f"The sending window {start}-{end} is empty.",
                "The window must end after it starts, on the same day.",
            )
        if zone in TIMEZONES:
            return MappedWindow(asked=zone, used=zone, start=start, end=end)
        asked = self._profile_of(zone)
        for used, shift in self._candidates(zone, asked):
            if first + shift >= 0 and last + shift < MINUTES_A_DAY:
                return MappedWindow(
                    asked=zone,
                    used=used,
                    start=clock_time(first + shift),
                    end=clock_time(last + shift),
                    shifted=shift,
                )
        raise CallRefusedError(
            "timezone_unavailable",
            f"Instantly has no zone that matches {zone} all year for {start}-{end}.",
            "Choose one of the suggestions, or another window.",
            suggestions=self._nearest(asked),
        )

    def difference(self, used: str, asked: str) -> int | None:
        """Return how many minutes a zone is ahead of another, if that is constant.

        ``None`` also stands for a zone that is not known.

        :param used: a zone that the API supports.
        """
        profile = self._offered().get(used)
        try:
            other = self._profile_of(asked)
        except CallRefusedError:
            return None
        return None if profile is None else _constant_difference(profile, other)

    def _candidates(self, zone: str, asked: Profile) -> Iterator[tuple[str, int]]:
        """Yield zones and shifts in minutes: smallest shift first, then same region."""
        region = zone.split("/", 1)[0]
        found = []
        for place, (name, profile) in enumerate(self._offered().items()):
            shift = _constant_difference(profile, asked)
            if shift is not None:
                elsewhere = not name.startswith(f"{region}/")
                # Of two equal shifts, prefer the zone whose clock is ahead.
                found.append((abs(shift), shift < 0, elsewhere, place, name, shift))
        for *_, name, shift in sorted(found):
            yield name, shift

    def _offered(self) -> dict[str, Profile]:
        day = self.today()
        if day != self._day:
            self._profiles = {}
            for name in TIMEZONES:
                # Skip a zone that this machine's database lacks.
                try:
                    self._profiles[name] = _profile(ZoneInfo(name), day)
                except (ZoneInfoNotFoundError, ValueError):
                    continue
            self._day = day
        return self._profiles

    def _profile_of(self, zone: str) -> Profile:
        try:
            return _profile(ZoneInfo(zone), self.today())
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            known = sorted({*available_timezones(), *TIMEZONES})
            raise CallRefusedError(
                "unknown_timezone",
                f"{zone[:60]!r} is not a time zone.",
                "Use an IANA name such as America/New_York.",
                suggestions=_similar(zone, known),
            ) from error

    def _nearest(self, asked: Profile) -> list[str]:
        """Return the three zones with the smallest difference today."""
        offered = self._offered()
        distance = {name: abs(p[0][1] - asked[0][1]) for name, p in offered.items()}
        return sorted(distance, key=lambda name: distance[name])[:3]


def minutes_of(text: str) -> int:
    """Return the minute of the day for ``HH:MM``."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def clock_time(minutes: int) -> str:
    """Return ``HH:MM`` for a minute of the day."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _similar(zone: str, known: list[str]) -> list[str]:
    """Suggest names: those of the clock or city, then similar spellings."""
    city = zone.strip().replace(" ", "_").rsplit("/", 1)[-1].lower()
    if city in NAMES_OF_CLOCKS:
        return [*NAMES_OF_CLOCKS[city]]
    same = [name for name in known if name.rsplit("/", 1)[-1].lower() == city]
    is_short = len(zone) <= MAX_ABBREVIATION
    alike = [] if is_short else get_close_matches(zone, known, n=5, cutoff=0.5)
    return list(dict.fromkeys([*same, *alike]))[:5]


def _profile(zone: ZoneInfo, start: date) -> Profile:
    """Return a zone's offsets for the next two years."""
    noon = datetime.combine(start, time(12), UTC)
    before = _offset(zone, noon)
    profile = [(0, before)]
    for day in range(STRIDE_DAYS, COMPARED_DAYS + STRIDE_DAYS, STRIDE_DAYS):
        offset = _offset(zone, noon + timedelta(days=day))
        if offset != before:
            changed = day
            while _offset(zone, noon + timedelta(days=changed - 1)) == offset:
                changed -= 1
            profile.append((changed, offset))
            before = offset
    return tuple(profile)


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    local = moment.astimezone(zone).utcoffset()
    return 0 if local is None else round(local.total_seconds() / 60)


def _constant_difference(used: Profile, asked: Profile) -> int | None:
    """Return how many minutes `used` is ahead of `asked`, if that is constant."""
    if len(used) != len(asked):
        return None
    difference = used[0][1] - asked[0][1]
    for (day, offset), (asked_day, asked_offset) in zip(used, asked, strict=True):
        if day != asked_day or offset - asked_offset != difference:
            return None
    return difference
