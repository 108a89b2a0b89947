"""Reads the Accept header (RFC 9110 §12.5.1).

The answer to a POST is JSON or an event stream. The specification demands that clients
name both types; few do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from attrs import frozen

JSON: Final = "application/json"
STREAM: Final = "text/event-stream"
BOTH: Final = f"{JSON}, {STREAM}"

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_RANGE = re.compile(rf"({_TOKEN})/({_TOKEN})")
_QUALITY = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


@frozen
class Readable:
    """What a client can read as an answer.

    :param json: it can read JSON.
    :param stream: it can read an event stream.
    :param complete: it named both types, so the header needs no repair.
    """

    json: bool
    stream: bool
    complete: bool


_EVERYTHING = Readable(json=True, stream=True, complete=True)
_REPAIRED = Readable(json=True, stream=True, complete=False)
_ONLY_JSON = Readable(json=True, stream=False, complete=False)

_USUAL = {
    BOTH: _EVERYTHING,
    f"{STREAM}, {JSON}": _EVERYTHING,
    f"{JSON},{STREAM}": _EVERYTHING,
    f"{STREAM},{JSON}": _EVERYTHING,
    JSON: _ONLY_JSON,
    STREAM: _REPAIRED,
    "*/*": _REPAIRED,
    "": _REPAIRED,
}


def read_accept(value: str) -> Readable:
    """Read the Accept header of a POST, with tolerance for incomplete ones.

    A client that names JSON and no range that covers event streams gets JSON, however
    long the answer takes. Any other client that accepts one of the two types is assumed
    to read both, unless it says ``q=0``. A header without a valid member counts as
    missing.
    """
    return _USUAL.get(value) or _read(value)


def names_stream(value: str) -> bool:
    """Say whether the header names ``text/event-stream`` itself, not by a wildcard."""
    if value == STREAM:
        return True
    return STREAM in value.lower() and _qualities(value).get(STREAM, 0.0) > 0


def preferred(value: str, media_types: Sequence[str]) -> str | None:
    """Return the type that an Accept header prefers, ``None`` if it accepts none.

    :param value: the header; an empty one accepts everything.
    :param media_types: the types that can be sent, the default first.
    """
    qualities = _qualities(value)
    if not qualities:
        return media_types[0]
    best = max(media_types, key=lambda each: _quality_of(each, qualities) or 0.0)
    return best if _quality_of(best, qualities) else None


def _read(value: str) -> Readable:
    qualities = _qualities(value)
    if not qualities:
        return _REPAIRED
    json = _quality_of(JSON, qualities)
    stream = _quality_of(STREAM, qualities)
    if not json and not stream:
        return Readable(json=False, stream=False, complete=False)
    if stream is None and JSON in qualities:
        return _ONLY_JSON
    complete = JSON in qualities and STREAM in qualities
    return Readable(json=json != 0, stream=stream != 0, complete=complete)


def _quality_of(media_type: str, qualities: dict[str, float]) -> float | None:
    """Return the weight of the most specific range that matches, if one does."""
    major = media_type.partition("/")[0]
    for candidate in (media_type, f"{major}/*", "*/*"):
        if candidate in qualities:
            return qualities[candidate]
    return None


def _qualities(value: str) -> dict[str, float]:
    """Return the weight of each media range, without malformed members."""
    found: dict[str, float] = {}
    for member in _split(value, ","):
        parts = [part.strip() for part in _split(member, ";")]
        if not _RANGE.fullmatch(parts[0]):
            continue
        name = parts[0].lower()
        found[name] = max(found.get(name, 0.0), _weight(parts[1:]))
    return found


def _weight(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            quality = value.strip()
            return float(quality) if _QUALITY.fullmatch(quality) else 1.0
    return 1.0


def _split(text: str, separator: str) -> Iterator[str]:
    """Split at separators outside of quotes, in one pass."""
    if '"' not in text:
        yield from text.split(separator)
        return
    start, quoted, escaped = 0, False, False
    for index, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            yield text[start:index]
            start = index + 1
    yield text[start:]
