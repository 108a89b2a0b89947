"""Lists of addresses as the API takes them: lists, or texts with several addresses.

Counting, checking and limiting recipients must find the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .._json_codec import Json

_SEPARATOR = re.compile(r"[,;]")


def addresses_in(value: Json) -> Iterator[str]:
    """Yield each address of a value, without the spaces around it.

    A text is split at commas and semicolons, unless it has a display name, which may
    hold a comma. Other types hold no address.
    """
    if isinstance(value, list | tuple):
        for each in value:
            yield from addresses_in(each)
    elif isinstance(value, str):
        named = any(mark in value for mark in '"<(')
        parts = [value] if named else _SEPARATOR.split(value)
        yield from (part.strip() for part in parts if part.strip())
