"""Strategies for arguments: what a schema accepts, and how careless clients send it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from instantly_mcp._json_codec import Json, JsonObject, dumps
from instantly_mcp.protocol.arguments.repair import N8N_NAMES
from instantly_mcp.protocol.arguments.schema_annotations import (
    ALSO_NAMED,
    folded,
    is_map,
)

Strategy: TypeAlias = st.SearchStrategy[Any]
Draw: TypeAlias = Callable[[Strategy], Any]

TEXTS = ("5", "true", "null", "[1]", '{"a": 1}', "Two words", " é ", '"x"', "-0.5")
FORMATS: Mapping[str, Strategy] = {
    "date": st.sampled_from(["2026-11-02", "2027-02-28"]),
    "date-time": st.just("2026-11-02T09:00:00Z"),
    "email": st.sampled_from(["ada@example.com", "bob+x@example.org"]),
}
NUMBERS = st.integers(0, 40) | st.sampled_from([0.5, 12.25, 3.0])


def values(schema: Json) -> Strategy:
    """Return values that a schema accepts and that say something: none is empty."""
    if "enum" in schema:
        return st.sampled_from([each for each in schema["enum"] if each is not None])
    if "anyOf" in schema:
        return st.one_of([values(each) for each in schema["anyOf"]])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    made = [_of_type(kind, schema) for kind in kinds if kind != "null"]
    return st.one_of(made)


def _of_type(kind: str, schema: JsonObject) -> Strategy:
    if kind == "boolean":
        return st.booleans()
    if kind in ("integer", "number"):
        least = schema.get("minimum", 0)
        most = schema.get("maximum", least + 50)
        whole = st.integers(int(least), int(most))
        return whole if kind == "integer" else whole | st.just(least + 0.5)
    if kind == "array":
        least = max(1, schema.get("minItems", 1))
        most = min(least + 1, schema.get("maxItems", least + 1))
        inner = values(schema["items"]) if "items" in schema else st.just("x")
        return st.lists(inner, min_size=least, max_size=most)
    return _objects(schema) if kind == "object" else _texts(schema)


def _texts(schema: JsonObject) -> Strategy:
    if "pattern" in schema:
        # JSON Schema does not mean the digits of other scripts, but their blanks.
        made = st.from_regex(re.compile(schema["pattern"], re.ASCII), fullmatch=True)
        return made.filter(Draft202012Validator(dict(schema)).is_valid)
    if "format" in schema:
        return FORMATS[schema["format"]]
    most = schema.get("maxLength", 100)
    return st.sampled_from([each for each in TEXTS if len(each) <= most])


def _objects(schema: JsonObject) -> Strategy:
    if is_map(schema):
        inner = values(schema["additionalProperties"])
        names = st.sampled_from(["city", "tier", "firstName", "tool"])
        return st.dictionaries(names, inner, min_size=1, max_size=2)
    members = schema.get("properties") or {}
    if not members:
        return st.just({"any": 1})
    required = {name: values(members[name]) for name in schema.get("required", ())}
    others = {n: values(each) for n, each in members.items() if n not in required}
    found = st.fixed_dictionaries(required, optional=others)
    return found if required else found.filter(bool)


def as_sent(draw: Draw, schema: JsonObject, value: Json, root: bool = True) -> Json:
    """Return a value as a careless client may send it, with the same meaning.

    :param schema: accepts the value.
    """
    if isinstance(value, dict):
        sent = _object_as_sent(draw, schema, value, root)
    elif isinstance(value, list):
        inner = _branch(schema, value).get("items", {})
        sent = [as_sent(draw, inner, each, False) for each in value]
    else:
        sent = value
    if root or isinstance(sent, str) or not draw(st.booleans()):
        return sent
    text = dumps(sent).decode()
    # Where a text is valid as well, it stays text: its meaning is another one.
    return sent if Draft202012Validator(dict(schema)).is_valid(text) else text


def _object_as_sent(
    draw: Draw, schema: JsonObject, value: JsonObject, root: bool
) -> Json:
    schema = _branch(schema, value)
    if is_map(schema):
        if draw(st.booleans()):
            return [{"name": name, "value": each} for name, each in value.items()]
        return {**value, **({"nothing": None} if draw(st.booleans()) else {})}
    members = schema.get("properties") or {}
    sent: dict[str, Json] = {}
    for name, each in value.items():
        spelled = _spelled(draw, name, members) if name in members else name
        inner = members.get(name, {})
        sent[spelled] = as_sent(draw, inner, each, False) if inner else each
    for name in members:
        if name not in value and draw(st.booleans()):
            sent[name] = None
    if root:
        known = {folded(each) for each in _names_of(members)}
        for name in sorted(N8N_NAMES):
            if folded(name) not in known and draw(st.booleans()):
                sent[name] = "n8n"
    return sent


def _spelled(draw: Draw, name: str, members: JsonObject) -> str:
    """Return a name in one of its spellings."""
    first, *rest = name.split("_")
    camel = first + "".join(word.title() for word in rest)
    spellings = [name, camel, name.replace("_", "-"), name.upper()]
    return str(draw(st.sampled_from([*spellings, *members[name].get(ALSO_NAMED, ())])))


def _names_of(members: JsonObject) -> list[str]:
    return [
        each
        for name, schema in members.items()
        for each in (name, *schema.get(ALSO_NAMED, ()))
    ]


def _branch(schema: JsonObject, value: Json) -> JsonObject:
    """Return the branch of a schema that accepts a value."""
    for branch in schema.get("anyOf", ()):
        if Draft202012Validator(branch).is_valid(value):
            found: JsonObject = branch
            return found
    return schema
