"""Builds JSON Schemas from parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .._json_codec import Json
from .operation import Operation, Parameter


def plain(fragment: Json) -> Json:
    """Return a copy of a fragment as plain JSON: tuples become lists."""
    if isinstance(fragment, Mapping):
        return {name: plain(value) for name, value in fragment.items()}
    if isinstance(fragment, Sequence) and not isinstance(fragment, str):
        return [plain(item) for item in fragment]
    return fragment


def closed_object(parameters: Iterable[Parameter]) -> dict[str, Json]:
    """Return the schema of an object with these members and no other ones."""
    listed = tuple(parameters)
    schema: dict[str, Json] = {
        "type": "object",
        "properties": {each.name: plain(each.schema) for each in listed},
        "additionalProperties": False,
    }
    required = [each.name for each in listed if each.required]
    if required:
        schema["required"] = required
    return schema


def arguments_schema(operation: Operation) -> dict[str, Json]:
    """Return the schema of an operation's arguments, with the API's own names."""
    return closed_object(operation.parameters)
