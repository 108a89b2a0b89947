"""Values that were sent as text: ``"5"`` for 5, ``"[\\"a\\"]"`` for a list.

Several clients and small models encode every value that is not text as JSON text,
some of them twice. A text is taken as a value only if it is one of exactly the wanted
type, and only where text itself is not wanted.
"""

from __future__ import annotations

import re

from attrs import define

from ..._json_codec import (
    Json,
    holds_more,
    loads,
    loads_cut,
    nested_too_deeply,
    repeats_keys,
    utf8,
)

NOT_A_VALUE = object()
"""What `read_text` returns for a text that is not a value of the wanted types."""

MAX_ENCODINGS = 3
"""How often a value may be encoded: a text in a text in a text."""

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.0+)?")
_FLAGS = {"true": True, "false": False}


@define
class ValueAllowance:
    """How many values the texts of one call may still contain.

    The body of a request has a limit for its values, which a list inside a text would
    otherwise evade.
    """

    left: int

    def decode(self, text: str) -> Json:
        """Return the JSON value of a text, or `NOT_A_VALUE`.

        Half an emoji becomes U+FFFD, as in the body of a request. Refused are repeated
        keys (two parsers may take different ones), values that are nested too deeply
        for a validator, and more values than are left.
        """
        data = utf8(text)
        if holds_more(data, self.left):
            return NOT_A_VALUE
        try:
            value = loads_cut(data)
            repeated = isinstance(value, dict | list) and repeats_keys(data, value)
        except ValueError:
            return NOT_A_VALUE
        if repeated or nested_too_deeply(value):
            return NOT_A_VALUE
        self.left -= min(self.left, data.count(b",") + 1)
        return value


def json_type(value: Json) -> str:
    """Return the JSON Schema type of a value; ``number`` for a fraction only."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    if isinstance(value, dict):
        return "object"
    return "null" if value is None else "array"


def is_of(value: Json, types: frozenset[str]) -> bool:
    """Return whether a value has one of the types."""
    kind = json_type(value)
    return kind in types or (kind == "integer" and "number" in types)


def read_text(text: str, types: frozenset[str], allowance: ValueAllowance) -> Json:
    """Return the value that a text contains, or `NOT_A_VALUE`.

    ``null`` as text is returned as ``None``, which means "not said".

    :param types: the types that are wanted, without ``string``.
    """
    for _ in range(MAX_ENCODINGS):
        word = text.strip()
        value = _scalar(word, types)
        if value is not NOT_A_VALUE:
            return value
        if not word or word[0] not in '[{"':
            return NOT_A_VALUE
        value = allowance.decode(word)
        if not isinstance(value, str):
            fits = value is not NOT_A_VALUE and is_of(value, types)
            return value if fits else NOT_A_VALUE
        text = value
    return NOT_A_VALUE


def _scalar(word: str, types: frozenset[str]) -> Json:
    """Return a flag, number or null; an integer of more than 18 digits is not read."""
    if word == "null":
        return None
    if "boolean" in types and word.lower() in _FLAGS:
        return _FLAGS[word.lower()]
    if not types & {"integer", "number"} or not word or word[0] not in "-0123456789":
        return NOT_A_VALUE
    if _INTEGER.fullmatch(word):
        return int(word.partition(".")[0])
    if "number" not in types or word.lstrip("-").isdigit() or len(word) > 40:
        return NOT_A_VALUE
    try:
        return loads(word.encode("ascii", "replace"))
    except ValueError:
        return NOT_A_VALUE
