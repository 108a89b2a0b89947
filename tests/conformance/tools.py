"""The fixture's plain tools: what they return, report, log and list."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.protocol.calls.call import Call
from instantly_mcp.protocol.calls.client_requests import Elicit, ListRoots, Sample
from instantly_mcp.protocol.primitives.registries import PromptRegistry, ToolRegistry
from instantly_mcp.protocol.primitives.tool import (
    Annotations,
    TaskSupport,
    Tool,
    ToolResult,
    text,
)
from instantly_mcp.protocol.wire.errors import missing_capability

from .media import PNG, WAV

NO_ARGUMENTS: JsonObject = {"type": "object", "properties": {}}

HARMLESS = Annotations(
    read_only=True, destructive=False, idempotent=True, open_world=False
)

Body = Callable[[JsonObject, Call], Awaitable[ToolResult]]


def tool(
    name: str,
    body: Body,
    *,
    schema: Mapping[str, Json] = NO_ARGUMENTS,
    task: TaskSupport = TaskSupport.NEVER,
) -> Tool:
    """Return a tool of the fixture; its first docstring line describes it."""
    return Tool(
        name=name,
        title=name.replace("_", " ").capitalize(),
        description=(body.__doc__ or name).splitlines()[0],
        input_schema=schema,
        annotations=HARMLESS,
        run=deferred(body),  # type: ignore[arg-type]
        needs_credential=False,
        task=task,
    )


def says(words: str) -> ToolResult:
    """Return a result of one text."""
    return ToolResult(content=[text(words)])


def strings(*names: str) -> JsonObject:
    """Return a schema of required strings."""
    fields = {name: {"type": "string"} for name in names}
    return {"type": "object", "properties": fields, "required": list(names)}


IMAGE: JsonObject = {
    "type": "image",
    "data": b64encode(PNG).decode(),
    "mimeType": "image/png",
}


async def simple_text(arguments: JsonObject, call: Call) -> ToolResult:
    """Return one text."""
    return says("This is a simple text response for testing.")


async def image_content(arguments: JsonObject, call: Call) -> ToolResult:
    """Return an image."""
    return ToolResult(content=[IMAGE])


async def audio_content(arguments: JsonObject, call: Call) -> ToolResult:
    """Return a sound."""
    sound = {
        "type": "audio",
        "data": b64encode(WAV).decode(),
        "mimeType": "audio/wav",
    }
    return ToolResult(content=[sound])


async def embedded_resource(arguments: JsonObject, call: Call) -> ToolResult:
    """Return an embedded resource."""
    resource = {
        "uri": "test://embedded-resource",
        "mimeType": "text/plain",
        "text": "This is an embedded resource content.",
    }
    return ToolResult(content=[{"type": "resource", "resource": resource}])


async def multiple_content_types(arguments: JsonObject, call: Call) -> ToolResult:
    """Return a text, an image and a resource."""
    resource = {
        "uri": "test://mixed-content-resource",
        "mimeType": "application/json",
        "text": '{"test":"data","value":123}',
    }
    return ToolResult(
        content=[
            text("Multiple content types test:"),
            IMAGE,
            {"type": "resource", "resource": resource},
        ]
    )


async def error_handling(arguments: JsonObject, call: Call) -> ToolResult:
    """Fail in a way that a model can read."""
    return ToolResult(
        content=[text("This tool intentionally returns an error for testing")],
        is_error=True,
    )


async def sampling(arguments: JsonObject, call: Call) -> ToolResult:
    """Let the client's model answer a prompt."""
    question = {"role": "user", "content": text(arguments["prompt"])}
    answers = await call.ask(
        {"completion": Sample(messages=[question], max_tokens=100)}
    )
    content = answers["completion"]["content"]
    blocks = content if isinstance(content, list) else [content]
    said = " ".join(block.get("text", "") for block in blocks)
    return says(f"LLM response: {said}")


async def elicitation(arguments: JsonObject, call: Call) -> ToolResult:
    """Ask the person for a name and an address."""
    form = Elicit(
        message=arguments["message"],
        fields={
            "username": {"type": "string", "description": "User's response"},
            "email": {"type": "string", "description": "User's email address"},
        },
        required_fields=["username", "email"],
    )
    return _told(await call.ask({"form": form}), "User response")


async def elicitation_defaults(arguments: JsonObject, call: Call) -> ToolResult:
    """Ask with a default for every primitive type."""
    statuses = ["active", "inactive", "pending"]
    form = Elicit(
        message="Review these defaults",
        fields={
            "name": {"type": "string", "default": "John Doe"},
            "age": {"type": "integer", "default": 30},
            "score": {"type": "number", "default": 95.5},
            "status": {"type": "string", "enum": statuses, "default": "active"},
            "verified": {"type": "boolean", "default": True},
        },
    )
    return _told(await call.ask({"form": form}), "Elicitation completed")


async def elicitation_enums(arguments: JsonObject, call: Call) -> ToolResult:
    """Ask with every kind of choice."""
    plain = ["option1", "option2", "option3"]
    titled = [{"const": f"value{n}", "title": f"Option {n}"} for n in (1, 2, 3)]
    form = Elicit(
        message="Choose",
        fields={
            "untitledSingle": {"type": "string", "enum": plain},
            "titledSingle": {"type": "string", "oneOf": titled},
            "legacyEnum": {
                "type": "string",
                "enum": plain,
                "enumNames": ["Option one", "Option two", "Option three"],
            },
            "untitledMulti": {
                "type": "array",
                "items": {"type": "string", "enum": plain},
            },
            "titledMulti": {"type": "array", "items": {"anyOf": titled}},
        },
    )
    return _told(await call.ask({"form": form}), "Elicitation completed")


async def x_mcp_header(arguments: JsonObject, call: Call) -> ToolResult:
    """Repeat an argument that travels in a header, too."""
    return says(f"Region: {arguments.get('region', 'none')}")


async def missing_capability_tool(arguments: JsonObject, call: Call) -> ToolResult:
    """Need sampling, and say so when the client lacks it."""
    ask = Sample(messages=[], max_tokens=1)
    if not call.can_ask(ask):
        raise missing_capability(ask.required)
    return says("The client can sample.")


async def streaming_elicitation(arguments: JsonObject, call: Call) -> ToolResult:
    """Ask for a confirmation."""
    form = Elicit(message="Go on?", fields={"ok": {"type": "boolean"}})
    return _told(await call.ask({"confirm": form}), "Answer")


async def greet(arguments: JsonObject, call: Call) -> ToolResult:
    """Greet a person by name."""
    return says(f"Hello, {arguments['name']}!")


def _told(answers: Mapping[str, JsonObject], words: str) -> ToolResult:
    (answer,) = answers.values()
    content = answer.get("content", {})
    return says(f"{words}: action={answer['action']}, content={content}")


SCHEMA_2020_12: JsonObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {
        "properties": {"contactMethod": {"const": "phone"}},
        "required": ["contactMethod"],
    },
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


class Timed:
    """Tools that take time."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock

    async def _pause(self, seconds: float) -> None:
        await deferLater(self._clock, seconds)

    async def with_progress(self, arguments: JsonObject, call: Call) -> ToolResult:
        """Report progress three times."""
        for done in (0, 50, 100):
            call.progress(done, 100)
            await self._pause(0.05)
        return says("Tool with progress executed.")

    async def with_logging(self, arguments: JsonObject, call: Call) -> ToolResult:
        """Log three times."""
        for words in (
            "Tool execution started",
            "Tool processing data",
            "Tool execution completed",
        ):
            call.log("info", words)
            await self._pause(0.05)
        return says("Tool with logging executed.")

    async def reconnection(self, arguments: JsonObject, call: Call) -> ToolResult:
        """Close the stream of the call, then answer."""
        call.sink.interrupt()
        await self._pause(0.15)
        return says("Reconnection test completed successfully.")

    async def slow_compute(self, arguments: JsonObject, call: Call) -> ToolResult:
        """Sleep, then answer."""
        call.become_task("Computing")
        await self._pause(arguments.get("seconds", 0))
        return says(f"Computed {arguments.get('label', 'nothing')}.")


def plain_tools(clock: IReactorTime) -> list[Tool]:
    """Return the tools that need nothing but a clock. The first needs no argument."""
    timed = Timed(clock)
    region: JsonObject = {
        "type": "object",
        "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
    }
    compute: JsonObject = {
        "type": "object",
        "properties": {"seconds": {"type": "number"}, "label": {"type": "string"}},
    }
    return [
        tool("test_simple_text", simple_text),
        tool("test_image_content", image_content),
        tool("test_audio_content", audio_content),
        tool("test_embedded_resource", embedded_resource),
        tool("test_multiple_content_types", multiple_content_types),
        tool("test_error_handling", error_handling),
        tool("test_tool_with_progress", timed.with_progress),
        tool("test_tool_with_logging", timed.with_logging),
        tool("test_logging_tool", timed.with_logging),
        tool("test_sampling", sampling, schema=strings("prompt")),
        tool("test_elicitation", elicitation, schema=strings("message")),
        tool("test_elicitation_sep1034_defaults", elicitation_defaults),
        tool("test_elicitation_sep1330_enums", elicitation_enums),
        tool("test_reconnection", timed.reconnection),
        tool("json_schema_2020_12_tool", simple_text, schema=SCHEMA_2020_12),
        tool("test_x_mcp_header", x_mcp_header, schema=region),
        tool("test_missing_capability", missing_capability_tool),
        tool("test_streaming_elicitation", streaming_elicitation),
        tool("greet", greet, schema=strings("name")),
        tool(
            "slow_compute",
            timed.slow_compute,
            schema=compute,
            task=TaskSupport.OPTIONAL,
        ),
    ]


def change_tools(tools: ToolRegistry, prompts: PromptRegistry) -> list[Tool]:
    """Return the tools that change the lists, and change them back."""

    async def tool_change(arguments: JsonObject, call: Call) -> ToolResult:
        """Change the list of tools."""
        passing = tool("test_passing_tool", simple_text)
        tools.add(passing)
        tools.remove(passing.name)
        return says("The tools changed.")

    async def prompt_change(arguments: JsonObject, call: Call) -> ToolResult:
        """Change the list of prompts."""
        first = prompts.listed()[0]
        passing = type(first)(
            name="test_passing_prompt",
            title="Passing",
            description="Comes and goes.",
            render=first.render,
        )
        prompts.add(passing)
        prompts.remove(passing.name)
        return says("The prompts changed.")

    return [
        tool("test_trigger_tool_change", tool_change),
        tool("test_trigger_prompt_change", prompt_change),
    ]


ROOTS = ListRoots()
