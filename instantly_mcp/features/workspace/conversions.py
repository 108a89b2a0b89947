"""Conversions of argument values to the values that the API expects."""

from __future__ import annotations

import re

from ..._json_codec import Json
from ...protocol.arguments.text_values import ValueAllowance, read_text
from ..results import CallRefusedError
from .mail.text import shows

MAX_LISTED = 1_000
"""Most values of a list that is sent as text."""

_LIST = frozenset(("array",))

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def end_of_day(value: Json) -> str:
    """Extend a date without a time to the end of that day.

    The API takes a bare date as 00:00 UTC, which would exclude the day itself.
    """
    text = str(value).strip()
    return f"{text}T23:59:59.999Z" if DATE.fullmatch(text) else text


def comma_list(value: Json) -> str:
    """Join a list with commas, as some of the API's parameters require.

    A list may be JSON text: where text is accepted as well, it reaches this function.
    """
    if isinstance(value, str):
        read = read_text(value, _LIST, ValueAllowance(MAX_LISTED))
        if not isinstance(read, list):
            return value
        value = read
    return ",".join(str(item) for item in value)


def visible_name(value: Json) -> Json:
    """Return a name unchanged.

    :raises CallRefusedError: if a person would see nothing of it.
    """
    if shows(str(value)):
        return value
    raise CallRefusedError(
        "bad_argument",
        "The name has no character that a person can see.",
        "Nothing was done. Give a name with letters or digits.",
    )


def stripped(value: Json) -> Json:
    """Return text without surrounding spaces, such as those of a copied address."""
    return value.strip() if isinstance(value, str) else value
