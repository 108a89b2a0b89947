"""How a client sends arguments changes nothing of what a tool gets, for every tool."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.features.tools.deprecated import REPLACED
from instantly_mcp.features.tools.registry import DECLARATIONS
from instantly_mcp.protocol.arguments.reading import (
    AcceptedArguments,
    BadArguments,
)

from .argument_strategies import as_sent, values

TOOLS = (*DECLARATIONS, *(each.declaration for each in REPLACED))
SCHEMAS = {each.name: each.accepted_schema() for each in TOOLS}
ACCEPTED = {name: AcceptedArguments(schema) for name, schema in SCHEMAS.items()}
MEANT = {
    name: values(schema) for name, schema in SCHEMAS.items() if schema["properties"]
}

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 50)
    | st.sampled_from(["", "null", "true", "[]", '{"a": null}', "x", "2026-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["name", "value", "a", "steps"]), inner)
    ),
    max_leaves=6,
)


class AnyArgumentsTests(SynchronousTestCase):
    def each_tool(self, data: Any) -> tuple[str, JsonObject]:
        """Return the name of a tool, and arguments that it accepts."""
        name = data.draw(st.sampled_from(sorted(MEANT)))
        return name, data.draw(MEANT[name])

    @settings(max_examples=100)
    @given(st.data())
    def test_valid_arguments_are_unchanged(self, data: Any) -> None:
        """Arguments that are valid and say something reach the tool as they are."""
        name, meant = self.each_tool(data)
        self.assertEqual(ACCEPTED[name].read(meant), meant)

    @settings(max_examples=200)
    @given(st.data())
    def test_careless_clients(self, data: Any) -> None:
        """Nulls, texts, spellings, pairs and n8n's names change nothing."""
        name, meant = self.each_tool(data)
        sent = as_sent(data.draw, SCHEMAS[name], meant)
        self.assertEqual(ACCEPTED[name].read(sent), meant, (name, sent))

    @settings(max_examples=100)
    @given(st.data())
    def test_reading_twice(self, data: Any) -> None:
        """What was read once is not changed again, and has no null."""
        name = data.draw(st.sampled_from(sorted(MEANT)))
        known = sorted(SCHEMAS[name]["properties"])
        sent = data.draw(st.dictionaries(st.sampled_from(known), ANYTHING, max_size=4))
        try:
            read = ACCEPTED[name].read(sent)
        except BadArguments as refused:
            self.assertTrue(refused.problem.message)
            self.assertTrue(refused.problem.hint)
            return
        self.assertEqual(ACCEPTED[name].read(read), read)
        self.assertNotIn("None", str(list(_leaves(read))))


def _leaves(value: Any) -> Any:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    else:
        yield value
