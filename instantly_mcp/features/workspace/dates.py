"""Validation of date ranges: the end must not be before the start."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from ..._json_codec import Json
from ..results import CallRefusedError

BEGINS_WITH_A_YEAR = re.compile(r"\s*\d{4}-")


def days_in_order(start: Json, end: Json) -> None:
    """Check two dates, either of which may be ``None``.

    :raises CallRefusedError: when one is not a date, or the end is before the start.
    """
    first, last = _day("start_date", start), _day("end_date", end)
    if first is not None and last is not None and last < first:
        raise _swapped(start, end)


def moments_in_order(start: Json, end: Json) -> None:
    """Check two points in time; Instantly validates the rest of their format.

    :raises CallRefusedError: when the end is before the start, or when one of them
        does not begin with a year, as in "yesterday".
    """
    for name, given in (("start_date", start), ("end_date", end)):
        if given is not None and not BEGINS_WITH_A_YEAR.match(str(given)):
            raise _no_date(name)
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
        raise _no_date(name) from None


def _no_date(name: str) -> CallRefusedError:
    return CallRefusedError(
        "bad_argument", f"{name} is not a valid date.", "Write it as YYYY-MM-DD."
    )


def _moment(text: Json) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
