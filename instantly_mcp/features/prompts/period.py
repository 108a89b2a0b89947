"""Parsing of date ranges such as ``last_week``, and the period before a range."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from attrs import frozen

from ..._json_codec import JsonObject
from ...protocol.wire.errors import invalid_params
from ..workspace.conversions import end_of_day

RANGE_WORDS: Sequence[str] = (
    "last_7_days",
    "last_14_days",
    "last_30_days",
    "last_90_days",
    "this_week",
    "last_week",
    "this_month",
    "last_month",
    "today",
    "yesterday",
)
MAX_DAYS = 366

_DAYS = re.compile(r"(?:last[ _-]?)?(\d{1,3})[ _-]?(?:d|days?)")
_DATES = re.compile(r"(\d{4}-\d\d-\d\d)\s*(?:\.\.|/|to|,|:)\s*(\d{4}-\d\d-\d\d)")


@frozen
class Period:
    """A range of whole days, first and last included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1

    def before(self) -> Period:
        """Return the period of the same length that ends the day before."""
        return Period(
            self.first - timedelta(days=self.days), self.first - timedelta(days=1)
        )

    def dates(self) -> JsonObject:
        """Return the range as arguments of the analytics operations."""
        return {
            "start_date": self.first.isoformat(),
            "end_date": end_of_day(self.last.isoformat()),
        }

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


def period_of(text: str, today: date) -> Period:
    """Parse a range: a word, a number of days up to yesterday, or two dates.

    :param text: a word of `RANGE_WORDS`, ``14d``, or ``2026-01-01..2026-01-31``.
    :raises ProtocolError: -32602 for anything else.
    """
    word = text.strip().lower().replace(" ", "_").replace("-", "_")
    found = _named(word, today)
    if found is not None:
        return found
    dates = _DATES.fullmatch(text.strip().lower())
    days = _DAYS.fullmatch(text.strip().lower())
    if dates:
        return _between(dates[1], dates[2])
    if days and 0 < int(days[1]) <= MAX_DAYS:
        return _days_up_to(today - timedelta(days=1), int(days[1]))
    raise invalid_params(
        f"{text[:60]!r} is not a range of dates",
        {"use": [*RANGE_WORDS, "14d", "2026-01-01..2026-01-31"]},
    )


def _named(word: str, today: date) -> Period | None:
    monday = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    yesterday = today - timedelta(days=1)
    if word == "today":
        return Period(today, today)
    if word == "yesterday":
        return Period(yesterday, yesterday)
    if word == "this_week":
        return Period(monday, today)
    if word == "last_week":
        return Period(monday - timedelta(days=7), monday - timedelta(days=1))
    if word == "this_month":
        return Period(month, today)
    if word == "last_month":
        last = month - timedelta(days=1)
        return Period(last.replace(day=1), last)
    return None


def _days_up_to(last: date, days: int) -> Period:
    return Period(last - timedelta(days=days - 1), last)


def _between(first: str, last: str) -> Period:
    try:
        found = Period(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError as error:
        raise invalid_params(f"{first} to {last}: not a valid date") from error
    if not 0 < found.days <= MAX_DAYS:
        raise invalid_params(f"A range must have 1 to {MAX_DAYS} days, first day first")
    return found
