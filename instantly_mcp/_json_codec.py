"""JSON for all packages: orjson, with fallbacks for two inputs that it rejects."""

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
"""A lone surrogate: a pair of surrogates is one character in a Python string."""

_LINE_SEPARATORS = tuple(
    (chr(code).encode(), f"\\u{code:04x}".encode()) for code in (0x85, 0x2028, 0x2029)
)
"""The line separators that JSON text may contain unescaped, with their escapes."""

Encoded = orjson.Fragment
"""Encoded JSON as part of a value: `dumps` copies its bytes."""


MAX_DEPTH = 64
"""Maximum nesting depth of values from outside, in levels of objects and lists.

Validators and renderers recurse, and very deep values crash jsonschema-rs. Real values
have about 10 levels."""


def nested_too_deeply(value: Json) -> bool:
    """Return whether a JSON value has more than `MAX_DEPTH` levels."""
    level = [value]
    for _ in range(MAX_DEPTH):
        deeper: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                deeper.extend(v for v in item.values() if isinstance(v, dict | list))
            elif isinstance(item, list):
                deeper.extend(v for v in item if isinstance(v, dict | list))
        if not deeper:
            return False
        level = deeper
    return True


def loads(data: bytes) -> Json:
    """Decode strict JSON.

    :raises ValueError: for anything that is not RFC 8259 JSON in UTF-8, or that has
        more than 1024 levels (the limit of orjson).
    """
    return orjson.loads(data)


def loads_cut(data: bytes) -> Json:
    r"""Decode strict JSON in which an emoji may be cut in half.

    JavaScript cuts strings between the two halves of a surrogate pair, and its
    ``JSON.stringify`` writes the half that remains as an escape, such as ``\ud83d``.
    It becomes U+FFFD.

    :raises ValueError: as `loads`.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        if b"\\ud" not in data and b"\\uD" not in data:
            raise
        return _with_replaced_surrogates(data.decode())


def repeats_keys(data: bytes, value: Json) -> bool:
    """Say whether an object in the text contains a key twice, in any spelling.

    RFC 8259 does not say which of the two counts, so two parsers may differ. orjson
    silently drops the first. Each key has one colon, and a dropped member takes its
    colons with it: nothing was dropped exactly if the text has as many colons as the
    value when it is encoded again. Colons in strings count too; orjson never escapes
    them, but the text may.

    :param value: what `loads` returned for `data`.
    :raises ValueError: for a value with more than 254 levels, which cannot be encoded.
    """
    colons = data.count(b":")
    if b"\\u003" in data:
        # Without pairs of backslashes, each remaining one begins an escape.
        single = data.replace(b"\\\\", b"")
        colons += single.count(b"\\u003a") + single.count(b"\\u003A")
    try:
        return colons != orjson.dumps(value).count(b":")
    except TypeError as error:
        raise ValueError("JSON is nested too deeply") from error


def holds_more(data: bytes, most: int) -> bool:
    """Say whether a text contains more than `most` values, without decoding it.

    A value takes a dozen bytes in the text but a hundred in memory, and time in each
    step that processes it. The members of all arrays and objects are counted, and each
    array or object as one more. Only a text that may contain too many is examined
    closely.
    """
    if len(data) <= 2 * most or _marks(data) <= most:
        return False
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    if plain.count(b'"') > 4 * most:
        return True  # More than 2 * most strings, at least half of which are values.
    outside = b"".join(plain.split(b'"')[::2])
    return _marks(outside) > most


def _marks(data: bytes) -> int:
    """Count the characters that precede a member of an array or an object."""
    return data.count(b",") + data.count(b"[") + data.count(b"{")


def loads_lenient(data: bytes) -> Json:
    """Decode JSON of another service, which may contain invalid Unicode.

    Lone surrogates and invalid UTF-8, which orjson refuses, become U+FFFD. (An API that
    truncates text may cut an emoji in half.)

    :raises ValueError: when the text is still not JSON.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _with_replaced_surrogates(data.decode("utf-8", "replace"))


def _with_replaced_surrogates(text: str) -> Json:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        # Round trip: json.loads keeps lone surrogates, which cannot be encoded later;
        # utf8 replaces them.
        return orjson.loads(utf8(json.dumps(value, ensure_ascii=False)))
    except RecursionError as error:
        raise ValueError("JSON is nested too deeply") from error


def dumps(value: Json) -> bytes:
    """Encode a value as compact JSON.

    Lone surrogates, which orjson refuses, become U+FFFD. Integers of more than 64 bits
    are encoded exactly. The line separators of Unicode are escaped: several clients
    split an event stream, or the JSON in it, at each of them.

    :raises TypeError: for a value that JSON does not have.
    :raises ValueError: for NaN or infinity beside such text or integers (orjson
        encodes them as ``null``).
    """
    try:
        return _in_one_line(orjson.dumps(value))
    except TypeError:
        text = json.dumps(
            _without_encoded(value),
            ensure_ascii=False,
            separators=(",", ":"),
            allow_nan=False,
        )
        return _in_one_line(utf8(text))


def ascii_dumps(value: Json) -> bytes:
    """Encode a value as compact JSON with an escape for each character beyond ASCII.

    This is for text of this server that becomes an `Encoded` part of many messages:
    `dumps` then finds at once that the message has no line separator.

    :raises TypeError: for a value that JSON does not have.
    :raises ValueError: for NaN and infinity.
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _in_one_line(encoded: bytes) -> bytes:
    """Escape the characters at which ``str.splitlines`` splits and JSON does not."""
    if encoded.isascii():
        return encoded
    for separator, escape in _LINE_SEPARATORS:
        if separator in encoded:
            encoded = encoded.replace(separator, escape)
    return encoded


def utf8(text: str) -> bytes:
    """Encode text as UTF-8, with U+FFFD for each lone surrogate.

    The ``replace`` mode of Python's encoder would write a question mark, which looks
    like a part of the text.
    """
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _LONE.sub("\ufffd", text).encode()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _without_encoded(value: Json) -> Json:
    """Decode the `Encoded` parts, which the standard library cannot encode."""
    if isinstance(value, Encoded):
        return json.loads(orjson.dumps(value))
    if isinstance(value, Mapping):
        return {str(key): _without_encoded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_encoded(item) for item in value]
    return value
