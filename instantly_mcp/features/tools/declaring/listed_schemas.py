"""The schemas that clients see, made from the schemas of what is accepted.

Clients convert the list of tools for their models, and the converters read only a part
of JSON Schema. Those for Gemini reject ``additionalProperties`` and numbers in an
``enum``; several agent frameworks cannot load a list in which ``type`` is a list; those
for OpenAI need all members of an object and the items of an array. Therefore a listed
schema has

- one ``type``, as text: the first that is accepted and is not ``null``;
- an ``enum`` only of texts: codes are accepted as well, but not listed;
- ``properties`` for each object, and ``items`` for each array;
- a list of ``{name, value}`` for an object whose members have any names;
- beside these only the keywords in `KEPT`.
"""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ....protocol.arguments.schema_annotations import is_map

KEPT = (
    "description",
    "default",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
)
"""The further keywords of a listed schema, in this order."""

SELF_EVIDENT: JsonObject = {"minLength": 1, "pattern": "\\S"}
"""Demands that are not listed: no model means an empty text, and each costs tokens."""


def listed_schema(accepted: JsonObject) -> JsonObject:
    """Return the schema that clients see of an accepted one.

    :raises ValueError: for a schema without one certain form: an alternative, a choice
        of numbers, an array without items, or an object without properties.
    """
    if is_map(accepted):
        accepted = _entries(accepted)
    kind = _listed_type(accepted)
    listed: dict[str, Json] = {"type": kind}
    if kind == "string" and "enum" in accepted:
        texts = [each for each in accepted["enum"] if isinstance(each, str)]
        listed["enum"] = list(dict.fromkeys(texts))
    elif kind == "array":
        listed["items"] = listed_schema(_demanded(accepted, "items"))
    elif kind == "object":
        members: JsonObject = _demanded(accepted, "properties")
        listed["properties"] = {
            name: listed_schema(schema) for name, schema in members.items()
        }
        if accepted.get("required"):
            listed["required"] = list(accepted["required"])
    for keyword in KEPT:
        if keyword in accepted and accepted[keyword] != SELF_EVIDENT.get(keyword):
            listed[keyword] = accepted[keyword]
    return listed


def _entries(accepted: JsonObject) -> JsonObject:
    """Return the schema of a list with the name and value of each member."""
    pair = {"name": {"type": "string"}, "value": accepted["additionalProperties"]}
    items = {"type": "object", "properties": pair, "required": ["name", "value"]}
    return {**accepted, "type": "array", "items": items}


def _listed_type(accepted: JsonObject) -> str:
    kinds = accepted.get("type")
    if isinstance(kinds, str):
        return kinds
    if isinstance(kinds, list):
        return next(str(kind) for kind in kinds if kind != "null")
    if not any(isinstance(each, str) for each in accepted.get("enum", ())):
        raise ValueError(f"this schema has no type that can be listed: {accepted}")
    return "string"


def _demanded(accepted: JsonObject, keyword: str) -> JsonObject:
    found: JsonObject = accepted.get(keyword, {})
    if not found:
        raise ValueError(f"this schema has no {keyword}: {accepted}")
    return found
