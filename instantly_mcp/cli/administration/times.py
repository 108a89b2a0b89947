"""Times as people read them in a terminal."""

from __future__ import annotations

from datetime import UTC, datetime


def day_and_time(seconds: float | None) -> str:
    """Return a time, such as ``2026-11-29 14:05 UTC``; ``-`` for none."""
    if seconds is None:
        return "-"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
