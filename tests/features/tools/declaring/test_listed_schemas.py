"""What is listed of each tool's arguments and results is what every client can read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema_rs import Draft202012Validator
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.features.tools.declaring.listed_schemas import listed_schema
from instantly_mcp.features.toolsets import TOOLSETS
from instantly_mcp.protocol.arguments.reading import AcceptedArguments
from instantly_mcp.protocol.primitives.tool import Tool
from tests.features.snapshot_files import every_tool

from ..test_registry import built
from .listed_subset import MAX_LEVELS, levels, outside

TEXT = {"type": "string"}
TIMES = ["00:00", "23:59"]
"""What the only listed pattern allows."""
TOOLS = every_tool()


def values_of(schema: JsonObject) -> list[Any]:
    """Return values that a client may send by a listed schema: each kind, each end."""
    kind = schema["type"]
    if "enum" in schema:
        return list(schema["enum"])
    if kind == "boolean":
        return [False, True]
    if kind in ("integer", "number"):
        return [schema.get("minimum", 0), schema.get("maximum", 1000)]
    if kind == "array":
        inside, least = values_of(schema["items"]), max(1, schema.get("minItems", 1))
        return [inside[:least], inside[-least:]]
    if kind == "object":
        return objects_of(schema)
    return TIMES if "pattern" in schema else ["word", "2", "Two words"]


def objects_of(schema: JsonObject) -> list[JsonObject]:
    """Return objects with each value of each member, and one with all members."""
    values = {name: values_of(one) for name, one in schema["properties"].items()}
    least = {name: values[name][0] for name in schema.get("required", ())}
    each = [{**least, name: value} for name in values for value in values[name]]
    return [least, *each, {name: found[-1] for name, found in values.items()}]


def codes_in(schema: JsonObject) -> list[Any]:
    """Return each number in an enum of a schema's arguments, with its argument."""
    return [
        (name, code)
        for name, one in schema["properties"].items()
        for code in one.get("enum", ())
        if not isinstance(code, str)
    ]


class SubsetTests(SynchronousTestCase):
    def assertReadable(self, tool: Tool) -> None:
        """Schemas of arguments and results are inside the subset."""
        self.assertEqual(list(outside(dict(tool.input_schema))), [], tool.name)
        self.assertEqual(tool.input_schema["type"], "object", tool.name)
        self.assertLessEqual(levels(dict(tool.input_schema)), MAX_LEVELS, tool.name)
        if tool.output_schema is not None:
            output = dict(tool.output_schema)
            self.assertEqual(list(outside(output)), [], tool.name)
            self.assertNotIn("required", output, tool.name)
            self.assertEqual(
                set(output["properties"]["error"]["properties"]),
                {"code", "message", "hint"},
                tool.name,
            )

    def test_every_tool(self) -> None:
        """Also of extra tools and of deprecated names."""
        self.assertGreater(len(TOOLS), 40)
        for tool in TOOLS:
            self.assertReadable(tool)

    def test_every_selection(self) -> None:
        """Whatever toolsets are selected, what is listed is readable."""
        for selection in ("default", "all", *TOOLSETS):
            for tool in built(selection).listed():
                self.assertReadable(tool)

    def test_what_is_outside(self) -> None:
        """Each thing that a known client cannot read is found, at any depth."""
        for schema in (
            {},
            {"type": ["string", "null"]},
            {"type": "null"},
            {"type": "string", "enum": ["a", 1]},
            {"type": "string", "enum": ["a", "a"]},
            {"enum": ["a"]},
            {"anyOf": [TEXT]},
            {"type": "string", "format": "email"},
            {"type": "array"},
            {"type": "array", "items": [TEXT]},
            {"type": "object"},
            {"type": "object", "properties": {}},
            {"type": "object", "properties": {"a": TEXT}, "required": ["b"]},
            {"type": "object", "properties": {"a": TEXT}, "additionalProperties": 0},
            {"type": "object", "properties": {"a" * 41: TEXT}},
            {"type": "object", "properties": {"first name": TEXT}},
            {"type": "string", "default": 3},
            {"type": "integer", "default": True},
            {"type": "string", "enum": ["a"], "default": "b"},
        ):
            for whole in (
                {"type": "object", "properties": {"x": schema}},
                {
                    "type": "object",
                    "properties": {"x": {"type": "array", "items": schema}},
                },
            ):
                self.assertEqual(len(list(outside(whole))), 1, whole)


class VisualStudioCodeTests(SynchronousTestCase):
    """The rules by which VS Code leaves a tool out of a chat."""

    def arrays(self, schema: Any) -> Iterator[JsonObject]:
        """Yield the schemas of arrays at every level."""
        if isinstance(schema, dict):
            if schema.get("type") == "array":
                yield schema
            for one in schema.values():
                yield from self.arrays(one)

    def test_rules(self) -> None:
        """Names are short and of few characters; each array has one schema of items."""
        found = 0
        for tool in TOOLS:
            self.assertRegex(tool.name, r"\A[a-z0-9_-]{1,64}\Z")
            for array in self.arrays(dict(tool.input_schema)):
                self.assertIsInstance(array["items"], dict, tool.name)
                found += 1
        self.assertGreater(found, 5)


class DerivationTests(SynchronousTestCase):
    def test_forms(self) -> None:
        """The first type is listed, the texts of an enum, and no closed objects."""
        for accepted, listed in (
            (
                {"type": ["number", "null"], "minimum": 0},
                {"type": "number", "minimum": 0},
            ),
            ({"type": ["string", "integer"]}, TEXT),
            ({"enum": ["a", "b", 1, 2]}, {"type": "string", "enum": ["a", "b"]}),
            ({"enum": ["0", "all", 0]}, {"type": "string", "enum": ["0", "all"]}),
            ({"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
            ({"type": "string", "minLength": 1}, TEXT),
            ({"type": "string", "minLength": 2}, {"type": "string", "minLength": 2}),
            (
                {
                    "type": "object",
                    "properties": {"a": {"type": ["null", "boolean"]}},
                    "required": ["a"],
                    "additionalProperties": False,
                },
                {
                    "type": "object",
                    "properties": {"a": {"type": "boolean"}},
                    "required": ["a"],
                },
            ),
            (
                {"type": "object", "additionalProperties": {"type": ["string"]}},
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"name": TEXT, "value": TEXT},
                        "required": ["name", "value"],
                    },
                },
            ),
        ):
            self.assertEqual(listed_schema(accepted), listed)

    def test_no_certain_form(self) -> None:
        """A schema without one certain form is a mistake of its declaration."""
        for accepted in (
            {},
            {"anyOf": [TEXT]},
            {"enum": [1, 2]},
            {"type": "array"},
            {"type": "object", "additionalProperties": True},
        ):
            with self.assertRaises(ValueError):
                listed_schema(accepted)


class AcceptanceTests(SynchronousTestCase):
    def test_what_is_listed_is_accepted(self) -> None:
        """Arguments that the listed schema of a tool allows are accepted."""
        for tool in TOOLS:
            listed = Draft202012Validator(dict(tool.input_schema))
            accepted = AcceptedArguments(tool.accepted_schema)
            for arguments in objects_of(dict(tool.input_schema)):
                self.assertTrue(listed.is_valid(arguments), (tool.name, arguments))
                accepted.read(arguments)

    def test_codes_are_accepted(self) -> None:
        """Each number that stands for a word is accepted, and not listed."""
        seen = 0
        for tool in TOOLS:
            check = Draft202012Validator(
                {k: v for k, v in tool.accepted_schema.items() if k != "required"}
            )
            for name, code in codes_in(dict(tool.accepted_schema)):
                self.assertTrue(check.is_valid({name: code}), (tool.name, name, code))
                listed = tool.input_schema["properties"].get(name, {})
                self.assertNotIn(code, listed.get("enum", ()), (tool.name, name))
                seen += 1
        self.assertGreater(seen, 30)
