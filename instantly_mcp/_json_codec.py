"""JSON for every package: orjson, with fallbacks for two inputs that it rejects."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import orjson

Json: TypeAlias = Any
"""Any JSON value. (``Any``, because mypy has no useful recursive alias here.)"""

JsonObject: TypeAlias = Mapping[str, Json]

_LONE = re.compile("[\ud800-\udfff]")
"""A surrogate: pairs of them are one character in a Python string."""

Encoded = orjson.Fragment
"""JSON that is encoded already: put it into a value and `dumps` copies its bytes."""


def loads(data: bytes) -> Json:
    """Decode strict JSON.

    :raises ValueError: for anything that is not RFC 8259 JSON in UTF-8, or that is
        nested deeper than orjson allows (1024).
    """
    return orjson.loads(data)


def repeats_keys(data: bytes, value: Json) -> bool:
    """Say whether an object in the text names a key twice, however it spells it.

    RFC 8259 leaves open which of the two counts, so two readers may differ. orjson
    drops the first without a word. Each key brings one colon, and what is dropped takes
    its colons along: so there are as many in the text as in the decoded value, encoded
    again, exactly if nothing was dropped. The rest of the colons are in strings, where
    orjson escapes none and the text may.

    :param value: what `loads` made of `data`.
    :raises ValueError: for a value that is nested deeper than can be encoded (254).
    """
    colons = data.count(b":")
    if b"\\u003" in data:
        # Without pairs of backslashes every one that is left begins an escape.
        single = data.replace(b"\\\\", b"")
        colons += single.count(b"\\u003a") + single.count(b"\\u003A")
    try:
        return colons != orjson.dumps(value).count(b":")
    except TypeError as error:
        raise ValueError("JSON is nested too deeply") from error


def holds_more(data: bytes, most: int) -> bool:
    """Say whether a text holds more than `most` values, without decoding it.

    A value takes a dozen bytes in the text and a hundred in memory, and time in every
    step that looks at it. The members of all arrays and objects are counted, and a
    container as one more. Only a text that may hold too many is looked at closely.
    """
    if len(data) <= 2 * most or _marks(data) <= most:
        return False
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    if plain.count(b'"') > 4 * most:
        return True  # Twice as many strings; at least every other one is a value.
    outside = b"".join(plain.split(b'"')[::2])
    return _marks(outside) > most


def _marks(data: bytes) -> int:
    """Count what comes before a member of an array or an object."""
    return data.count(b",") + data.count(b"[") + data.count(b"{")


def loads_lenient(data: bytes) -> Json:
    """Decode JSON of a foreign service that may cut an emoji in half.

    orjson refuses lone surrogates and broken UTF-8; here they become U+FFFD.

    :raises ValueError: when the text is no JSON even so.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        text = data.decode("utf-8", "replace")
        try:
            value = json.loads(text, parse_constant=_refuse_constant)
            # Round trip: lone surrogate escapes survive json.loads as str that
            # cannot be encoded; replace them while we are on the slow path.
            return orjson.loads(utf8(json.dumps(value, ensure_ascii=False)))
        except RecursionError as error:
            raise ValueError("JSON is nested too deeply") from error


def dumps(value: Json) -> bytes:
    """Encode compactly.

    Text with lone surrogates, which orjson refuses, is encoded with U+FFFD in their
    place. Integers beyond 64 bits are encoded exactly.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        text = json.dumps(
            _plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False
        )
        return utf8(text)


def utf8(text: str) -> bytes:
    """Encode text, with U+FFFD for each lone surrogate.

    The ``replace`` of Python's encoder would put a question mark there, which looks
    like a part of the text.
    """
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _LONE.sub("\ufffd", text).encode()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _plain(value: Json) -> Json:
    """Undo `Encoded` parts, which the standard library cannot encode."""
    if isinstance(value, Encoded):
        return json.loads(orjson.dumps(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
