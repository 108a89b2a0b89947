"""Times as people read them in a terminal."""

from __future__ import annotations

from ..._times import utc_minute


def day_and_time(seconds: float | None) -> str:
    """Return a time, such as ``2026-11-29 14:05 UTC``; ``-`` for none."""
    return "-" if seconds is None else utc_minute(seconds)
