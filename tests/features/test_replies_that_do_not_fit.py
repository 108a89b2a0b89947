"""A reply that is not what the API documents is an error, never an empty success.

Everything on offer runs with the real client over an agent in memory, which answers
every call with the same reply.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from jsonschema_rs import Draft202012Validator

from instantly_mcp._json_codec import dumps, loads
from instantly_mcp.api.interfaces import IInstantly
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.catalog.replies import WRITTEN
from instantly_mcp.catalog.reply import Form
from instantly_mcp.features.prompts.registry import PROMPTS
from instantly_mcp.features.resources.registry import RESOURCES, TEMPLATES
from instantly_mcp.features.tools.registry import DECLARATIONS
from instantly_mcp.protocol.primitives.tool import ToolResult
from instantly_mcp.protocol.wire.errors import INTERNAL_ERROR, ProtocolError
from tests.api.builders import client
from tests.api.test_client import MemoryAgent
from tests.features.cases import ToolTestCase
from tests.features.feature_cases import FeatureTestCase
from tests.features.test_odd_replies import REPLIES, arguments_of

URL = "https://api.example.com"
NEVER = ([1, 2, 3], {"items": [1, None]}, "text", 5, True, [None], {"items": 7})
"""Replies that no operation of the catalog has."""

LISTS = tuple(
    each.name
    for each in DECLARATIONS
    if each.operation and BY_ID[each.operation].reply.form is Form.PAGE
)

TAKE_ANY_OBJECT = frozenset(
    each.name
    for each in DECLARATIONS
    if each.operation and BY_ID[each.operation].reply == WRITTEN
) | {"manage_account_state"}
"""Writes that were made; any object describes their result."""


class ToolTests(ToolTestCase):
    def setUp(self) -> None:
        """Let the tools work with the real client."""
        super().setUp()
        self.agent = MemoryAgent()
        self.context.instantly = client(self.agent, URL, self.clock)

    def answer(self, name: str, arguments: dict[str, Any], reply: Any) -> ToolResult:
        """Run one tool to its end on an upstream that always answers this."""
        self.agent.answer = reply
        self.agent.asked.clear()
        running = self.starting(name, **arguments)
        for _ in range(12):
            self.clock.advance(10)
        return self.successResultOf(running)

    def test_replies_that_no_operation_has(self) -> None:
        """Each tool reports an undocumented reply as unexpected."""
        for declared in DECLARATIONS:
            for arguments in arguments_of(declared.name):
                for reply in NEVER:
                    if isinstance(reply, dict) and declared.name in TAKE_ANY_OBJECT:
                        continue
                    result = self.answer(declared.name, arguments, reply)
                    if not self.agent.asked:
                        continue
                    self.assertTrue(result.is_error, (declared.name, reply))
                    self.assertIsInstance(result.structured, dict)
                    self.assertIn("Unexpected reply", str(result.structured))

    def test_null(self) -> None:
        """Null is not an object, nor a list."""
        for declared in DECLARATIONS:
            if declared.operation is None:
                continue
            self.agent.answer = None
            running = self.starting(declared.name, **arguments_of(declared.name)[0])
            while not running.called:
                assert self.agent.waiting is not None
                self.agent.reply()
            result = self.successResultOf(running)
            self.assertTrue(result.is_error, (declared.name, result.structured))

    @settings(
        deadline=None,
        max_examples=25,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(reply=REPLIES)
    def test_lists_are_whole(self, reply: Any) -> None:
        """A list that succeeds shows as many things as the reply has members."""
        for name in LISTS:
            result = self.answer(name, arguments_of(name)[0], reply)
            if result.is_error:
                continue
            listed = reply["items"] if isinstance(reply, dict) else reply
            structured = result.structured
            assert isinstance(structured, dict)
            self.assertEqual(len(structured["items"]), len(listed), name)

    @settings(
        deadline=None,
        max_examples=10,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(reply=REPLIES)
    @example(reply={"items": [{"id": None, "email": None, "status": None}]})
    @example(reply=[{"date": None, "campaign_id": None}])
    @example(reply={"id": None, "status": "success"})
    def test_what_is_shown_is_as_promised(self, reply: Any) -> None:
        """A result has the types of its output schema, whatever the reply has.

        The official Python client refuses the whole result otherwise.
        """
        for declared in DECLARATIONS:
            promised = self.tool(declared.name).output_schema
            if promised is None:
                continue
            check = Draft202012Validator(dict(promised))
            for arguments in arguments_of(declared.name):
                result = self.answer(declared.name, arguments, reply)
                sent = loads(dumps(result.structured))
                self.assertTrue(check.is_valid(sent), (declared.name, sent))


class FeatureTests(FeatureTestCase):
    def reached(self) -> IInstantly:
        """Return the real client."""
        self.agent = MemoryAgent()
        return client(self.agent, URL, self.clock)

    def refused(self, method: str, params: dict[str, Any], reply: Any) -> None:
        """Send a request while Instantly always returns this reply; it must fail."""
        self.agent.answer = reply
        asking = self.asking(method, params)
        for _ in range(12):
            self.clock.advance(10)
        error = self.failureResultOf(asking, ProtocolError).value
        assert isinstance(error, ProtocolError)
        self.assertEqual(error.code, INTERNAL_ERROR)
        self.assertIn("Unexpected reply", error.message)

    def test_resources(self) -> None:
        """A resource that reads such a reply is not served."""
        for entry in (*RESOURCES, *TEMPLATES):
            if entry.public:
                continue
            path = entry.path.removesuffix("{?from,to}")
            for name in ("id", "email", "thread_id"):
                path = path.replace(f"{{{name}}}", "x%40example.com")
            for reply in NEVER:
                uri = f"instantly://{path}"
                self.refused("resources/read", {"uri": uri}, reply)

    def test_prompts(self) -> None:
        """A prompt that gathers such a reply is not served."""
        some_id = "0194cb3e-1f5b-7b1c-a6a8-4f5d3c3d2e1f"
        for entry in PROMPTS:
            arguments = dict.fromkeys(entry.needs, some_id)
            for reply in NEVER:
                named = {"name": entry.write.__name__, "arguments": arguments}
                self.refused("prompts/get", named, reply)

    def test_completions(self) -> None:
        """A completion from such a reply is empty, and fails nothing."""
        for reply in NEVER:
            self.agent.answer = reply
            self.clock.advance(300)
            completed = self.ask(
                "completion/complete",
                {
                    "ref": {"type": "ref/prompt", "name": "launch_preflight"},
                    "argument": {"name": "campaign", "value": "a"},
                },
            )
            self.assertEqual(completed["completion"]["values"], [])
