"""Features that these tests need and the conformance fixture lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define
from twisted.internet.task import Clock, deferLater

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.protocol.calls.call import Call
from instantly_mcp.protocol.calls.subscriptions import ChangeNotifier
from instantly_mcp.protocol.primitives.prompt import (
    Prompt,
    PromptArgument,
    PromptMessage,
)
from instantly_mcp.protocol.primitives.resource import (
    Resource,
    ResourceContents,
    ResourceTemplate,
)
from instantly_mcp.protocol.primitives.tool import TaskSupport, Tool, ToolResult, text
from instantly_mcp.protocol.wire.log_levels import LOG_LEVELS
from instantly_mcp.protocol.wire.uri_template import UriTemplate
from tests.conformance.asking_tools import NAME, ask_name
from tests.conformance.contents import asking
from tests.conformance.tools import says, tool

SKY: JsonObject = {
    "type": "object",
    "properties": {
        "place": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "x-mcp-header": "Place"},
                "spot": {
                    "type": "object",
                    "properties": {
                        "row": {"type": "integer", "x-mcp-header": "Row"},
                    },
                },
            },
        },
        "count": {"type": "integer", "x-mcp-header": "Count"},
        "precise": {"type": "boolean", "x-mcp-header": "Precise"},
    },
}
"""Annotated properties of every type that may be annotated, at three depths."""

STEPS: JsonObject = {
    "type": "object",
    "properties": {"steps": {"type": "array", "items": {"type": "number"}}},
    "required": ["steps"],
}

LETTERS = [f"letter-{number:03}" for number in range(150)]
"""More values than one completion may hold."""


async def sky(arguments: JsonObject, call: Call) -> ToolResult:
    """Look at the sky."""
    return says("It is blue.")


async def report(arguments: JsonObject, call: Call) -> ToolResult:
    """Report these steps, then one more after the end."""
    for step in arguments["steps"]:
        call.progress(step, message="so far")
    return says("Reported.")


async def talk(arguments: JsonObject, call: Call) -> ToolResult:
    """Log once at every level."""
    for level in LOG_LEVELS:
        call.log(level, f"at {level}")
    return says("Talked.")


async def traced(arguments: JsonObject, call: Call) -> ToolResult:
    """Return the trace that the call belongs to."""
    trace = call.trace
    found: Json = None
    if trace is not None:
        found = [trace.traceparent, trace.tracestate, trace.baggage]
    return ToolResult(structured={"trace": found})


async def who_am_i(arguments: JsonObject, call: Call) -> ToolResult:
    """Return the principal that the call acts for."""
    return says(call.caller.principal)


async def promoted(arguments: JsonObject, call: Call) -> ToolResult:
    """Become a task at once, then ask two questions in turn under the same key."""
    call.become_task("Working")
    for _ in range(2):
        call.progress(1)
        call.log("error", "not delivered")
        await call.ask({"again": NAME})
    return says("Answered twice.")


def extra_tools() -> list[Tool]:
    """Return the tools."""
    return [
        tool("sky", sky, schema=SKY),
        tool("strict_sky", sky, schema=SKY, task=TaskSupport.REQUIRED),
        tool("report", report, schema=STEPS),
        tool("talk", talk),
        tool("traced", traced),
        tool("who_am_i", who_am_i),
        tool("asking", ask_name),
        tool("promoted", promoted, task=TaskSupport.OPTIONAL),
    ]


@deferred
async def read_own(
    uri: str, values: Mapping[str, str], call: Call
) -> Sequence[ResourceContents]:
    """Return contents that depend on the caller."""
    return [
        ResourceContents(uri=uri, mime_type="text/plain", text=call.caller.principal)
    ]


@deferred
async def read_asking(
    uri: str, values: Mapping[str, str], call: Call
) -> Sequence[ResourceContents]:
    """Ask before reading."""
    answers = await call.ask({"user_name": NAME})
    name = answers["user_name"]["content"]["name"]
    return [ResourceContents(uri=uri, mime_type="text/plain", text=f"for {name}")]


@deferred
async def find_letters(
    typed: str, known: Mapping[str, str], call: Call
) -> Sequence[str]:
    """Complete a letter."""
    return [letter for letter in LETTERS if letter.startswith(typed)]


def extra_resources() -> list[Resource]:
    """Return a private resource and one that asks the client a question."""
    return [
        Resource(
            uri=f"test://{name}",
            name=name,
            title=name.capitalize(),
            description=f"The {name} one.",
            mime_type="text/plain",
            read=read,
            needs_credential=needs,
            private=private,
        )
        for name, read, needs, private in (
            ("own", read_own, True, True),
            ("asking", read_asking, False, False),
        )
    ]


TIDE_SECONDS = 10
TIDES = 3


@define(eq=False)
class Tides:
    """A private resource that changes three times while it is watched.

    :param changes: is notified of every change; set once the features are built.
    """

    clock: Clock
    changes: ChangeNotifier | None = None
    watched: int = 0

    @deferred
    async def watch(self, uri: str, values: Mapping[str, str], call: Call) -> None:
        """Report a change every ten seconds."""
        self.watched += 1
        try:
            for _ in range(TIDES):
                await deferLater(self.clock, TIDE_SECONDS, lambda: None)
                assert self.changes is not None
                self.changes.resource_updated(uri, call.caller.principal)
        finally:
            self.watched -= 1

    def as_resource(self) -> Resource:
        """Return the resource that this object watches."""
        return Resource(
            uri="test://tides",
            name="tides",
            title="Tides",
            description="How high the water is.",
            mime_type="text/plain",
            read=read_own,
            needs_credential=True,
            private=True,
            watch=self.watch,
        )


def extra_template() -> ResourceTemplate:
    """Return a template whose values can be completed."""
    return ResourceTemplate(
        template=UriTemplate("test://letters/{letter}"),
        name="letters",
        title="Letters",
        description="Letters by name.",
        mime_type="text/plain",
        read=read_own,
        complete={"letter": find_letters},
    )


def extra_prompts() -> list[Prompt]:
    """Return a prompt with completion, and one that asks and shares a tool's name."""

    @deferred
    async def render(
        arguments: Mapping[str, str], call: Call
    ) -> Sequence[PromptMessage]:
        return [PromptMessage("user", text(arguments["letter"]))]

    argument = PromptArgument(
        name="letter", description="A letter.", required=True, complete=find_letters
    )
    return [
        Prompt(
            name="letter",
            title="Letter",
            description="Write a letter.",
            render=render,
            arguments=(argument,),
        ),
        Prompt(
            name="asking",
            title="Asking",
            description="Ask before rendering.",
            render=asking,
        ),
    ]
