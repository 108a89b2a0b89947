"""Times as texts, in UTC; all are given in seconds since the epoch."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(seconds: float) -> str:
    """Return a time such as ``2026-11-29T14:05:00Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_milliseconds(seconds: float) -> str:
    """Return a time such as ``2026-11-29T14:05:00.250Z``."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_minute(seconds: float) -> str:
    """Return a time as people read it, such as ``2026-11-29 14:05 UTC``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def utc_day(seconds: float) -> str:
    """Return a day such as ``2026-11-29``."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
