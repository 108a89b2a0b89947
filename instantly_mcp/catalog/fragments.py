"""Constructors for parameters, scopes and JSON Schema fragments.

The modules that list operations are written with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from .._json_codec import Json, JsonObject
from .operation import Effect, Parameter, Place

Fragment: TypeAlias = JsonObject

STRING: Fragment = {"type": "string"}
NUMBER: Fragment = {"type": "number"}
BOOLEAN: Fragment = {"type": "boolean"}
EMAIL: Fragment = {"type": "string", "format": "email"}
OPTIONAL_STRING: Fragment = {"type": ["string", "null"]}
OPTIONAL_NUMBER: Fragment = {"type": ["number", "null"]}
OPTIONAL_BOOLEAN: Fragment = {"type": ["boolean", "null"]}

DELETES = Effect(read_only=False, idempotent=True, destructive=True)


def one_of(values: Iterable[Json], kind: str = "string") -> Fragment:
    """Return the schema of a closed set of values."""
    return {"type": kind, "enum": tuple(values)}


def list_of(items: Fragment, **limits: int) -> Fragment:
    """Return the schema of an array."""
    return {"type": "array", "items": items, **limits}


def record(
    properties: Mapping[str, Fragment], *required: str, **more: Json
) -> Fragment:
    """Return the schema of an object."""
    schema: dict[str, Json] = {"type": "object", "properties": properties, **more}
    if required:
        schema["required"] = required
    return schema


def in_path(name: str, schema: Fragment = STRING) -> Parameter:
    """Return a required parameter that is a segment of the path."""
    return Parameter(name=name, place=Place.PATH, schema=schema, required=True)


def in_query(name: str, schema: Fragment = STRING) -> Parameter:
    """Return an optional query parameter; a list repeats its name."""
    return Parameter(name=name, place=Place.QUERY, schema=schema)


def in_body(
    name: str, schema: Fragment = STRING, *, required: bool = False
) -> Parameter:
    """Return a member of the JSON body."""
    return Parameter(name=name, place=Place.BODY, schema=schema, required=required)


def body_of(
    properties: Mapping[str, Fragment], *required: str
) -> tuple[Parameter, ...]:
    """Return one body parameter for each property, in order."""
    return tuple(
        in_body(name, schema, required=name in required)
        for name, schema in properties.items()
    )


def scopes(resource: str, verb: str) -> tuple[str, ...]:
    """Return the key scopes of which any one suffices."""
    return (f"{resource}:{verb}", f"{resource}:all", f"all:{verb}", "all:all")


PAGE = (
    in_query("limit", {"type": "integer", "minimum": 1, "maximum": 100}),
    in_query("starting_after"),
)
"""The parameters of operations that return a list page by page."""
