"""Validation of date ranges: the end must not be before the start."""

from __future__ import annotations

from datetime import UTC, date, datetime

from ..._json_codec import Json
from ..results import CallRefusedError


def days_in_order(start: Json, end: Json) -> None:
    """Check two dates, either of which may be ``None``.

    :raises CallRefusedError: when one is not a date, or the end is before the start.
    """
    first, last = _day("start_date", start), _day("end_date", end)
    if first is not None and last is not None and last < first:
        raise _swapped(start, end)


def moments_in_order(start: Json, end: Json) -> None:
    """Check two points in time; Instantly validates their format.

    :raises CallRefusedError: when the end is before the start.
    """
    first, last = _moment(start), _moment(end)
    if first is not None and last is not None and last < first:
        raise _swapped(start, end)


def _swapped(start: Json, end: Json) -> CallRefusedError:
    return CallRefusedError(
        "bad_argument",
        f"end_date {str(end)[:10]} is before start_date {str(start)[:10]}.",
        "Swap them, or leave one out.",
    )


def _day(name: str, text: Json) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise CallRefusedError(
            "bad_argument",
            f"{name} is not a valid date.",
            "Write it as YYYY-MM-DD.",
        ) from None


def _moment(text: Json) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
