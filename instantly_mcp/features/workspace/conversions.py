"""Conversions of argument values to the values that the API expects."""

from __future__ import annotations

import re

from ..._json_codec import Json
from ..results import CallRefusedError

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def end_of_day(value: Json) -> str:
    """Extend a date without a time to the end of that day.

    The API takes a bare date as 00:00 UTC, which would exclude the day itself.
    """
    text = str(value).strip()
    return f"{text}T23:59:59.999Z" if DATE.fullmatch(text) else text


def comma_list(value: Json) -> str:
    """Join a list with commas, as some of the API's parameters require."""
    if isinstance(value, str):
        return value
    return ",".join(str(item) for item in value)


def as_list(value: Json) -> list[Json]:
    """Return a list that a reply has, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def stripped(value: Json) -> Json:
    """Return text without surrounding spaces, such as those of a copied address."""
    return value.strip() if isinstance(value, str) else value


def by_name(value: Json) -> Json:
    """Return a list of ``{name, value}`` as an object with a member for each pair.

    :raises CallRefusedError: for two pairs with one name, of which one would be lost.
    """
    if not isinstance(value, list):
        return value
    members = {pair["name"]: pair["value"] for pair in value}
    if len(members) < len(value):
        raise CallRefusedError(
            "bad_argument",
            "A name is given twice in a list of names and values.",
            "Give each name once.",
        )
    return members
