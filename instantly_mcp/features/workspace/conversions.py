"""From the values that a tool takes to the values that the API takes."""

from __future__ import annotations

import re

from ..._json_codec import Json

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def end_of_day(value: Json) -> Json:
    """Widen a date without a time so that the day itself is included.

    The API reads a bare date as its first instant in UTC.
    """
    text = str(value).strip()
    return f"{text}T23:59:59.999Z" if _DAY.fullmatch(text) else text


def comma_list(value: Json) -> Json:
    """Write a list the way in which the API wants some of them."""
    if isinstance(value, str):
        return value
    return ",".join(str(item) for item in value)


def stripped(value: Json) -> Json:
    """Return text without the blanks that copying leaves around an address."""
    return value.strip() if isinstance(value, str) else value
