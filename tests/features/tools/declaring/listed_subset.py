"""The part of JSON Schema that all known clients can read, for tests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from instantly_mcp._json_codec import Json, JsonObject

KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}
"""The types, with those of Python's that a default of the type has."""

ANYWHERE = {"type", "description", "default"}
OF_KIND: dict[str, set[str]] = {
    "string": {"enum", "minLength", "maxLength", "pattern"},
    "boolean": set(),
    "integer": {"minimum", "maximum"},
    "number": {"minimum", "maximum"},
    "array": {"items", "minItems", "maxItems"},
    "object": {"properties", "required"},
}
NAME = re.compile(r"[a-z0-9_]{1,40}")
MAX_LEVELS = 5
"""Objects in objects that the strict mode of OpenAI allows."""


def outside(schema: Json, where: str = "") -> Iterator[str]:
    """Yield what a schema has that some client cannot read, and where.

    :param where: the path of the schema, for the messages.
    """
    if not isinstance(schema, dict):
        yield f"{where}: not an object"
        return
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        yield f"{where}: type {kind!r}"
        return
    for keyword in sorted(schema.keys() - ANYWHERE - OF_KIND[kind]):
        yield f"{where}: {keyword} of {kind}"
    yield from _values(schema, kind, where)
    if kind == "array":
        yield from outside(schema.get("items"), f"{where}[]")
    elif kind == "object":
        yield from _members(schema, where)


def _values(schema: JsonObject, kind: str, where: str) -> Iterator[str]:
    """Yield what is wrong with the values that a schema names."""
    options = schema.get("enum", [""])
    if not options or not all(isinstance(option, str) for option in options):
        yield f"{where}: enum {options}"
    if len(set(map(str, options))) != len(options):
        yield f"{where}: a value of {options} is listed twice"
    if "default" in schema:
        default = schema["default"]
        if not isinstance(default, KINDS[kind]) or (
            isinstance(default, bool) and kind != "boolean"
        ):
            yield f"{where}: default {default!r} of {kind}"
        elif "enum" in schema and default not in options:
            yield f"{where}: default {default!r} is not one of {options}"


def _members(schema: JsonObject, where: str) -> Iterator[str]:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        yield f"{where}: no properties"
        return
    if where and not properties:
        yield f"{where}: an object without members"
    for name in schema.get("required", ()):
        if name not in properties:
            yield f"{where}: {name} is required and does not exist"
    for name, member in properties.items():
        if not NAME.fullmatch(name):
            yield f"{where}.{name}: a name of {len(name)} characters, or of odd ones"
        yield from outside(member, f"{where}.{name}")


def levels(schema: JsonObject) -> int:
    """Return how many objects are in one another at most."""
    if schema["type"] == "array":
        return levels(schema["items"])
    if schema["type"] != "object":
        return 0
    return 1 + max((levels(one) for one in schema["properties"].values()), default=0)
