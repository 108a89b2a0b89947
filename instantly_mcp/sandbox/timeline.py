"""The time of a simulated workspace, and the API's formats for times.

A timeline begins at a chosen moment, follows an injected clock from there, and can
be moved forward.
"""

from __future__ import annotations

from datetime import UTC, datetime

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

DAY = 86400.0
HOUR = 3600.0
MINUTE = 60.0


@define(eq=False)
class Timeline:
    """A workspace's present moment.

    :param clock: measures how much time passes.
    :param start: the moment at which the workspace begins, in seconds since 1970.
    """

    clock: IReactorTime
    start: float
    _clock_at_start: float = field(init=False)
    _skipped: float = field(init=False, default=0.0)

    @_clock_at_start.default
    def _read_clock(self) -> float:
        return float(self.clock.seconds())

    def now(self) -> float:
        """Return seconds since 1970, rounded to milliseconds."""
        passed = self.clock.seconds() - self._clock_at_start
        return float(round(self.start + passed + self._skipped, 3))

    def skip(self, seconds: float) -> None:
        """Move forward by `seconds`. A negative number changes nothing."""
        self._skipped += max(0.0, seconds)


def format_time(when: float) -> str:
    """Return a moment as the API writes it: ``2026-11-02T09:00:00.000Z``."""
    moment = datetime.fromtimestamp(when, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def format_day(when: float) -> str:
    """Return the UTC day of a moment: ``2026-11-02``."""
    return datetime.fromtimestamp(when, UTC).date().isoformat()


def is_range(start: float | None, end: float | None) -> bool:
    """Whether a range does not end before it starts; ``None`` leaves an end open."""
    return start is None or end is None or start <= end


def parse_time(text: str) -> float:
    """Return the seconds since 1970 of a date or an ISO 8601 time.

    A date means midnight; without a time zone both are UTC.

    :raises ValueError: when the text is neither.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC).timestamp()
    except OverflowError:
        # "0001-01-01T00:00:00+01:00" is before the first moment that can be written.
        raise ValueError(f"{text!r} is out of range") from None
