"""A small real toolbox whose tools do what a protocol test needs of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp._rights import ALL_RIGHTS, Rights
from instantly_mcp.protocol.calls.call import Call
from instantly_mcp.protocol.primitives.registries import IToolRegistry
from instantly_mcp.protocol.primitives.tool import (
    Annotations,
    RunTool,
    Tool,
    ToolResult,
    text,
)

HINTS = Annotations(
    read_only=True, destructive=False, idempotent=True, open_world=False
)

NOTHING: Mapping[str, Json] = {
    "type": "object",
    "properties": {},
    "additionalProperties": False,
}

ECHO: Mapping[str, Json] = {
    "type": "object",
    "properties": {
        "words": {"type": "string", "minLength": 1, "maxLength": 40},
        "times": {"type": "integer", "minimum": 1},
        "mood": {"enum": ["calm", "loud"]},
    },
    "required": ["words"],
    "additionalProperties": False,
}

TAGGED: Mapping[str, Json] = {
    "type": "object",
    "properties": {"tag": {"type": "string"}},
    "additionalProperties": False,
}


class Fault(Exception):
    """The bug in the tool ``boom``."""


@define(eq=False)
class Running:
    """A call of a tool that waits until the test continues it."""

    arguments: JsonObject
    call: Call
    cancelled: bool = False
    done: Deferred[ToolResult] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Make the Deferred that the tool answers with."""
        self.done = Deferred(self._cancel)

    def _cancel(self, done: Deferred[ToolResult]) -> None:
        self.cancelled = True

    def finish(self, tag: str = "done") -> None:
        """Answer with this text, or with the call's tag if it has one."""
        said = self.arguments.get("tag", tag)
        self.done.callback(ToolResult(content=[text(said)]))


@implementer(IToolRegistry)
@define(eq=False)
class SmallToolbox:
    """Eight listed tools and an unlisted one.

    :param running: calls of the waiting tools, in the order of their start.
    :param ran: names of the tools that ran, in order.
    """

    running: list[Running] = field(factory=list)
    ran: list[str] = field(factory=list)
    tools: Sequence[Tool] = field(init=False)
    _unlisted: Tool = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make the tools."""
        self.tools = (
            self._tool("echo", ECHO, self._echo),
            self._tool("slow", TAGGED, self._slow),
            self._tool("steps", TAGGED, self._steps),
            self._tool("chatty", TAGGED, self._chatty),
            self._tool("boom", NOTHING, self._boom),
            self._tool("refused", NOTHING, self._refused),
            self._tool("numbers", NOTHING, self._numbers, output=NUMBERS),
            self._tool("hello", NOTHING, self._hello, needs_credential=False),
        )
        self._unlisted = self._tool("relay", TAGGED, self._relay)

    def listed(self, rights: Rights = ALL_RIGHTS) -> Sequence[Tool]:
        return self.tools

    def is_disabled(self, name: str) -> bool:
        return False

    def find(self, name: str) -> Tool | None:
        for tool in (*self.tools, self._unlisted):
            if tool.name == name:
                return tool
        return None

    def _tool(
        self,
        name: str,
        schema: Mapping[str, Json],
        run: RunTool,
        *,
        output: Mapping[str, Json] | None = None,
        needs_credential: bool = True,
    ) -> Tool:
        def noted(arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
            self.ran.append(name)
            return run(arguments, call)

        return Tool(
            name=name,
            title=name.title(),
            description=f"The tool {name} of the tests.",
            input_schema=schema,
            annotations=HINTS,
            run=noted,
            output_schema=output,
            needs_credential=needs_credential,
        )

    def _echo(self, arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
        said = " ".join([arguments["words"]] * arguments.get("times", 1))
        return succeed(ToolResult(structured={"said": said}))

    def _slow(self, arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
        running = Running(arguments, call)
        self.running.append(running)
        return running.done

    def _steps(self, arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
        for step in (1, 2, 3):
            call.progress(step, 3, f"step {step}")
        return self._slow(arguments, call)

    def _chatty(self, arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
        for level in ("debug", "info", "warning", "error"):
            call.log(level, {"at": level})
        return self._slow(arguments, call)

    def _relay(self, arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
        """Answer with a Deferred that has fired but waits for another one."""
        start: Deferred[None] = succeed(None)
        return start.addCallback(lambda _: self._slow(arguments, call))

    def _boom(self, arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
        return fail(Fault("a bug"))

    def _refused(self, arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
        return succeed(ToolResult(content=[text("No such campaign.")], is_error=True))

    def _numbers(self, arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
        return succeed(ToolResult(structured=[1, 2, 3]))

    def _hello(self, arguments: JsonObject, call: Call) -> Deferred[ToolResult]:
        return succeed(ToolResult(content=[text("Hello.")], meta={"mood": "calm"}))


NUMBERS: Mapping[str, Json] = {"type": "array", "items": {"type": "integer"}}
