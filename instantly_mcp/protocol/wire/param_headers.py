"""Parameter headers: arguments that a modern client repeats in ``Mcp-Param-*`` headers.

A property of a tool's input schema may have the annotation ``x-mcp-header: Name``. The
client then sends that argument in the body and in the header ``Mcp-Param-Name``, so
that a proxy can route by it without reading the body. The proxy trusts the header and
the tool uses the body, so a request in which they differ is refused. A proxy must also
find the argument by its path: only properties that are reachable through ``properties``
alone may have the annotation, and only those with a primitive type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from attrs import frozen

from ..._json_codec import Json, JsonObject
from ..interfaces import IHeaders
from .envelope import OPTIONAL_WHITESPACE, decode_sentinel
from .errors import header_mismatch

ANNOTATION = "x-mcp-header"
PREFIX = "mcp-param-"

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_TYPES = ("string", "integer", "boolean")

_BY_NAME = ("properties", "patternProperties", "$defs", "dependentSchemas")
_INSIDE = (
    "items",
    "prefixItems",
    "contains",
    "additionalProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
)
"""The keywords that contain schemas: `_BY_NAME` in an object with arbitrary keys."""


@frozen
class ParamHeader:
    """One annotated property: its path in the arguments, its header and its type."""

    path: tuple[str, ...]
    header: str
    type: str


def param_headers_in(schema: Mapping[str, Json]) -> Sequence[ParamHeader]:
    """Find the annotated properties of a tool's input schema.

    :raises ValueError: for an annotation that the protocol does not allow: on a type
        that is not primitive, with an invalid or repeated header name, or on a property
        that is not reached through ``properties`` alone.
    """
    found = list(_walk(schema, ()))
    headers = [each.header for each in found]
    if len(set(headers)) != len(headers):
        raise ValueError("two properties share one x-mcp-header")
    return found


def check_param_headers(
    expected: Sequence[ParamHeader], arguments: JsonObject, headers: IHeaders
) -> None:
    """Check that the headers match the arguments.

    :raises ProtocolError: -32020 if a header is missing, unexpected, repeated,
        malformed or different from its argument.
    """
    for each in expected:
        written = headers.all(each.header)
        value = _value_at(arguments, each.path)
        if len(written) > 1:
            raise header_mismatch(f"{each.header} is repeated")
        if value is None:
            if written:
                raise header_mismatch(f"{each.header} has no argument to repeat")
            continue
        if not written:
            raise header_mismatch(f"{each.header} is missing")
        decoded = decode_sentinel(written[0].strip(OPTIONAL_WHITESPACE))
        if decoded is None or not _same(value, decoded):
            raise header_mismatch(f"{each.header} differs from the argument")


def _walk(schema: Mapping[str, Json], path: tuple[str, ...]) -> Iterator[ParamHeader]:
    if any(map(_is_annotated, _schemas_in(schema, _BY_NAME[1:]))):
        raise ValueError(f"{'.'.join(path)}: {ANNOTATION} at a place that has no path")
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return
    for name, inner in properties.items():
        if not isinstance(inner, Mapping):
            continue
        here = (*path, name)
        if ANNOTATION in inner:
            yield _param_header(here, inner)
        yield from _walk(inner, here)


def _is_annotated(schema: Mapping[str, Json]) -> bool:
    if ANNOTATION in schema:
        return True
    return any(map(_is_annotated, _schemas_in(schema, _BY_NAME)))


def _schemas_in(
    schema: Mapping[str, Json], by_name: Sequence[str]
) -> Iterator[Mapping[str, Json]]:
    """Yield the schemas that a schema contains directly."""
    for keyword in _INSIDE:
        inner = schema.get(keyword)
        members = inner if isinstance(inner, list | tuple) else (inner,)
        yield from (each for each in members if isinstance(each, Mapping))
    for keyword in by_name:
        named = schema.get(keyword)
        if isinstance(named, Mapping):
            yield from (each for each in named.values() if isinstance(each, Mapping))


def _param_header(path: tuple[str, ...], schema: Mapping[str, Json]) -> ParamHeader:
    name, kind = schema[ANNOTATION], schema.get("type")
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise ValueError(f"{'.'.join(path)}: {ANNOTATION} is not a valid header name")
    if kind not in _TYPES:
        raise ValueError(f"{'.'.join(path)}: {ANNOTATION} needs a primitive type")
    return ParamHeader(path, PREFIX + name.lower(), kind)


def _value_at(arguments: Json, path: tuple[str, ...]) -> Json:
    value = arguments
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _same(value: Json, written: str) -> bool:
    if isinstance(value, bool):
        return written == ("true" if value else "false")
    if isinstance(value, str):
        return written == value
    if isinstance(value, int | float):
        # Decimal also accepts underscores and non-ASCII digits.
        is_number = _NUMBER.fullmatch(written) is not None
        return is_number and Decimal(written) == Decimal(str(value))
    # The argument has a wrong type, which its validation reports later.
    return True
