"""What accepted schemas say beyond JSON Schema, and how names are compared.

Validators ignore keywords that begin with ``x-``. An accepted schema uses them to name
old spellings and to help a model that guessed a name; clients never see them.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..._json_codec import Json

ALSO_NAMED = "x-also-named"
"""Of a property: a list of old names that certainly mean it."""

SUGGESTED_FOR = "x-suggested-for"
"""Of a property: a list of old names for which an error suggests it."""

UNKNOWN_HINT = "x-unknown-hint"
"""Of an object: a sentence for members that it does not have."""

UNLISTED = "x-unlisted"
"""Of a property: clients do not see it, so an error does not list it either."""

HINT = "x-hint"
"""Of a property: the outline of a valid value, for errors."""

EMPTY_COUNTS = "x-empty-counts"
"""Of a text: true if the empty text says something, such as the subject of a reply."""

_BY_NAME = ("properties", "patternProperties", "$defs", "dependentSchemas")
_DATA = ("enum", "const", "default", "examples", "required")


_NOT_FOLDED = str.maketrans("", "", "_- ")


def folded(name: str) -> str:
    """Return a name without what models vary: case, spaces, ``_`` and ``-``."""
    return name.lower().translate(_NOT_FOLDED)


def without_null(schema: Json) -> Json:
    """Return a schema in which no value may be null, for null means "not said".

    A schema that allows nothing but null stays as it is.
    """
    if isinstance(schema, list | tuple):
        return [without_null(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    inner: dict[str, Json] = {}
    for keyword, value in schema.items():
        if keyword in _DATA:
            inner[keyword] = value
        elif keyword in _BY_NAME and isinstance(value, Mapping):
            inner[keyword] = {name: without_null(each) for name, each in value.items()}
        else:
            inner[keyword] = without_null(value)
    for keyword, null in (("type", "null"), ("enum", None)):
        allowed = inner.get(keyword)
        if isinstance(allowed, list | tuple) and len(allowed) > 1:
            inner[keyword] = [each for each in allowed if each != null]
    for keyword in ("anyOf", "oneOf"):
        branches = inner.get(keyword)
        if isinstance(branches, list) and len(branches) > 1:
            inner[keyword] = [each for each in branches if each != {"type": "null"}]
    return inner


def types_of(schema: Mapping[str, Json]) -> frozenset[str]:
    """Return the JSON types that a schema allows; empty if it does not say."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return frozenset((kind,))
    if isinstance(kind, list | tuple):
        return frozenset(kind)
    return frozenset()


def is_map(schema: Mapping[str, Json]) -> bool:
    """Return whether a schema is an object of any names, whose values have a schema."""
    values = schema.get("additionalProperties")
    return isinstance(values, Mapping) and not schema.get("properties")
