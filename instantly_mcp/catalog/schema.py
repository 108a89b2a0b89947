"""From parameters to JSON Schema. Knows nothing of tools or of MCP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .operation import Operation, Parameter


def plain(fragment: Any) -> Any:
    """Return a fragment as fresh JSON: tuples become lists, nothing is shared."""
    if isinstance(fragment, Mapping):
        return {name: plain(value) for name, value in fragment.items()}
    if isinstance(fragment, Sequence) and not isinstance(fragment, str):
        return [plain(item) for item in fragment]
    return fragment


def closed_object(parameters: Iterable[Parameter]) -> dict[str, Any]:
    """Return the schema of an object with these members and no others."""
    listed = tuple(parameters)
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {each.name: plain(each.schema) for each in listed},
        "additionalProperties": False,
    }
    required = [each.name for each in listed if each.required]
    if required:
        schema["required"] = required
    return schema


def arguments_schema(operation: Operation) -> dict[str, Any]:
    """Return the schema of an operation's arguments, by the API's own names."""
    return closed_object(operation.parameters)
