"""The base class of the tools' tests: run a tool as the protocol layer would."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from attrs import define, field
from jsonschema_rs import Draft202012Validator
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from instantly_mcp._credential import Credential, Secret
from instantly_mcp._json_codec import JsonObject, dumps, loads
from instantly_mcp.features.build import build_features
from instantly_mcp.features.toolsets import ToolSelection
from instantly_mcp.features.workspace.context import IWriteGuard, ServerFacts
from instantly_mcp.protocol.arguments.fences import without_fences
from instantly_mcp.protocol.arguments.reading import (
    AcceptedArguments,
    BadArguments,
)
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.interfaces import INotificationSink
from instantly_mcp.protocol.methods.tools import bad_arguments
from instantly_mcp.protocol.primitives.tool import Tool, ToolResult
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.support.access import permissive_guard
from tests.support.cases import ClockedTestCase
from tests.support.instantly import RecordingInstantly
from tests.support.seals import new_seal

SHORT_ID = re.compile(r"[a-z][a-z0-9-]{0,12}")
"""The ids of the scripted workspaces: they are not looked up as names."""

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
"""A Thursday at noon."""

COMPILED: dict[str, AcceptedArguments] = {}
"""What reads the arguments of each tool."""

KEY = Credential(secret=Secret("a-key-for-tests"), source="test")


@implementer(INotificationSink)
@define(eq=False)
class Collected:
    """A sink that keeps the messages sent to it."""

    messages: list[JsonObject] = field(factory=list)

    def send(self, message: JsonObject) -> None:
        self.messages.append(message)

    def close(self) -> None:
        pass

    def interrupt(self) -> None:
        pass


def without_notice(value: Any) -> Any:
    """Return a result without the member that names its untrusted texts."""
    if isinstance(value, dict):
        value.pop("untrusted", None)
    return value


class ToolTestCase(ClockedTestCase):
    """Gives a test the tools on a scripted Instantly."""

    mode = "live"
    toolsets = "all"
    warn_only: tuple[str, ...] = ()

    def setUp(self) -> None:
        """Build the tools on a driven clock and a fixed day."""
        super().setUp()
        self.instantly = RecordingInstantly()
        self.sink = Collected()
        self.changed_resources: list[tuple[str, str]] = []
        features = build_features(
            self.instantly,
            self.clock,
            ServerFacts(name="instantly-mcp", version="1.2.3", mode=self.mode),
            ToolSelection.parse(self.toolsets),
            warn_only=self.warn_only,
            guard=self.guard(),
            seal=new_seal(),
            wall=NOW.timestamp,
            on_change=lambda uri, principal: self.changed_resources.append(
                (uri, principal)
            ),
        )
        self.context, self.tools = features.context, features.tools
        self.context.names.trusted = SHORT_ID

    def guard(self) -> IWriteGuard:
        """Return the guard of all writes; by default one that permits everything."""
        return permissive_guard()

    def tool(self, name: str) -> Tool:
        """Return a tool that must exist."""
        tool = self.tools.find(name)
        assert tool is not None, f"there is no tool {name}"
        return tool

    def starting(self, tool_name: str, **arguments: Any) -> Deferred[ToolResult]:
        """Start a call; its arguments are repaired and validated before."""
        tool = self.tool(tool_name)
        try:
            arguments = dict(self.accepted(tool_name).read(arguments))
        except BadArguments as refused:
            return succeed(bad_arguments(tool, refused.problem))
        caller = Caller(revision=V2025_11_25, credential=KEY, sink=self.sink)
        return tool.run(arguments, Call(caller=caller, progress_token="p"))

    def run_tool(self, tool_name: str, **arguments: Any) -> ToolResult:
        """Return the result of a call that needs no time."""
        return self.successResultOf(self.starting(tool_name, **arguments))

    def value(self, tool_name: str, **arguments: Any) -> Any:
        """Return the structured value of a call that succeeds, as JSON."""
        result = self.run_tool(tool_name, **arguments)
        self.assertFalse(result.is_error, result.structured)
        value = without_notice(loads(dumps(result.structured)))
        schema = self.tool(tool_name).output_schema
        if schema is not None:
            self.assertTrue(Draft202012Validator(dict(schema)).is_valid(value), value)
        return value

    def failure(self, tool_name: str, **arguments: Any) -> Any:
        """Return the error object of a call that fails."""
        return self.error_of(self.run_tool(tool_name, **arguments))

    def error_of(self, result: ToolResult) -> Any:
        """Return the error object of a result, whose text must be the same object."""
        self.assertTrue(result.is_error, result.structured)
        error = loads(dumps(result.structured))["error"]
        [block] = result.content
        shown = without_notice(without_fences(loads(block["text"].encode())))
        self.assertEqual(shown, error)
        for member in ("code", "message", "hint"):
            self.assertTrue(error[member], error)
        return error

    def cursor(self, value: Any) -> str | None:
        """Return Instantly's cursor that the page's sealed one contains."""
        token = value["page"].get("next_cursor")
        payload = None if token is None else self.context.seal.unseal("page", token)
        return None if payload is None else payload[16:].decode()

    def allows(self, tool_name: str, arguments: JsonObject) -> bool:
        """Return whether the tool accepts these arguments."""
        try:
            self.accepted(tool_name).read(arguments)
        except BadArguments:
            return False
        return True

    def accepted(self, tool_name: str) -> AcceptedArguments:
        """Return what reads the tool's arguments, compiled once for all tests."""
        held = COMPILED.get(tool_name)
        if held is None:
            held = AcceptedArguments(self.tool(tool_name).accepted_schema)
            COMPILED[tool_name] = held
        return held

    def progress(self) -> list[Any]:
        """Return the progress values that were sent."""
        return [m["params"]["progress"] for m in self.sink.messages]
