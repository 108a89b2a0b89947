"""What a model's API gets of each tool, compared with what the daemon lists."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from attrs import frozen

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import JsonObject
from instantly_mcp.cli.tools import listed_tools
from tests.support.programs import requires

from .stories import ClientTestCase

NO_ARGUMENTS: JsonObject = {"type": "object", "properties": {}}


@frozen
class Converted:
    """A tool as a model's API gets it.

    :param strict: whether the model is held to the schema.
    """

    name: str
    parameters: JsonObject
    strict: bool


def converted(tools: list[JsonObject]) -> Iterator[Converted]:
    """Yield the tools of a request to Gemini, or to one of OpenAI's two APIs."""
    for entry in tools:
        for tool in entry.get("functionDeclarations", [entry.get("function", entry)]):
            given = tool.get("parameters") or NO_ARGUMENTS
            yield Converted(tool["name"], given, tool.get("strict") is True)


def outline(schema: JsonObject) -> JsonObject:
    """Return what must not get lost of a schema: names, types, choices, what is needed.

    Optional members may also be null in the converted form.
    """
    if "anyOf" in schema:
        (schema,) = [one for one in schema["anyOf"] if one != {"type": "null"}]
    kind = schema["type"].lower()
    kept: dict[str, Any] = {"type": kind}
    if "enum" in schema:
        kept["enum"] = [value for value in schema["enum"] if value is not None]
    if kind == "array":
        kept["items"] = outline(schema["items"])
    elif kind == "object":
        members = schema.get("properties", {})
        kept["properties"] = {name: outline(one) for name, one in members.items()}
        kept["required"] = sorted(schema.get("required", ()))
    return kept


Form: TypeAlias = Callable[[JsonObject], JsonObject]
"""Makes the outline that a model gets of a tool from the outline that is listed."""


def unchanged(kept: JsonObject) -> JsonObject:
    """Return the outline as it is listed."""
    return kept


def all_required(kept: JsonObject) -> JsonObject:
    """Return the outline with all members required at every level."""
    form = _inside(kept, all_required)
    return (
        {**form, "required": sorted(form["properties"])} if _is_object(kept) else form
    )


def members_required(kept: JsonObject) -> JsonObject:
    """Return the outline with all members of nested objects required.

    Only of objects that are members themselves, not of those in arrays.
    """

    def of_member(member: JsonObject) -> JsonObject:
        return all_required(member) if _is_object(member) else member

    members = kept["properties"]
    return {**kept, "properties": {name: of_member(members[name]) for name in members}}


def no_choices_in_arrays(kept: JsonObject) -> JsonObject:
    """Return the outline without the choices that the items of an array have."""
    form = _inside(kept, no_choices_in_arrays)
    if "items" in form:
        form["items"] = {n: v for n, v in form["items"].items() if n != "enum"}
    return form


def _is_object(kept: JsonObject) -> bool:
    return bool(kept["type"] == "object")


def _inside(kept: JsonObject, form_of: Form) -> dict[str, Any]:
    """Return a copy of an outline whose members and items have the form."""
    form = dict(kept)
    if "items" in kept:
        form["items"] = form_of(kept["items"])
    if "properties" in kept:
        members = kept["properties"]
        form["properties"] = {name: form_of(members[name]) for name in members}
    return form


def open_objects(schema: Any) -> Iterator[JsonObject]:
    """Yield the objects in a schema that allow more members than they name."""
    if isinstance(schema, dict):
        is_open = schema.get("additionalProperties") is not False
        if schema.get("type") == "object" and is_open:
            yield schema
        for one in schema.values():
            yield from open_objects(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from open_objects(one)


class Conversions(ClientTestCase):
    """The test that every converter runs."""

    def __init_subclass__(cls) -> None:
        """Mark the tests for ``make test-all``."""
        super().__init_subclass__()
        requires(*cls.program.needed)(cls)

    @deferred
    async def test_every_tool(self):
        """The default list and the list of all toolsets reach the model whole."""
        selections = ("default", "all")
        servers = [
            await self.daemon("--sandbox", "--toolsets", each) for each in selections
        ]
        urls = [url for _, url in servers]
        driver = self.drive(urls[0], {"urls": urls}, "sandbox-converters")
        self.assertEqual(await driver.ended, 0, driver.output)
        asked = [step["tools"] for step in driver.steps if step["step"] == "asked"]
        self.assertEqual(len(asked), len(selections), driver.output)
        for selection, tools in zip(selections, asked, strict=True):
            listed = {
                tool.name: outline(dict(tool.input_schema))
                for tool in listed_tools(selection)
            }
            self.check(listed, {tool.name: tool for tool in converted(tools)})
        for running, _ in servers:
            running.send(signal.SIGTERM)
            self.assertEqual(await running.ended, 0, running.output)

    form: Form = staticmethod(unchanged)
    """What the converter makes of a tool; it may lose nothing else."""

    strict = False
    """Whether the model is held to the schema, in OpenAI's strict mode."""

    def check(
        self, listed: Mapping[str, JsonObject], got: Mapping[str, Converted]
    ) -> None:
        """Compare the tools that are listed with those that the model gets.

        In strict mode all arguments are required and no others are allowed. A tool
        without arguments stays as it is.
        """
        self.assertEqual(list(got), list(listed))
        for name, tool in got.items():
            strict = self.strict and bool(listed[name]["properties"])
            self.assertEqual(tool.strict, strict, name)
            self.assertEqual(outline(tool.parameters), self.form(listed[name]), name)
            if strict:
                self.assertEqual(list(open_objects(tool.parameters)), [], name)
