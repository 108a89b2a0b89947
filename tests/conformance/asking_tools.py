"""The fixture's tools that ask the client something, and those that become tasks."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.protocol.calls.call import Call
from instantly_mcp.protocol.calls.client_requests import (
    Elicit,
    ListRoots,
    Question,
    Sample,
)
from instantly_mcp.protocol.primitives.tool import TaskSupport, Tool, ToolResult, text
from instantly_mcp.protocol.wire.errors import ProtocolError

from .tools import says, strings, tool

NAME = Elicit(
    message="What is your name?",
    fields={"name": {"type": "string"}},
    required_fields=["name"],
)
CONFIRM = Elicit(
    message="Do you confirm?",
    fields={"ok": {"type": "boolean"}},
    required_fields=["ok"],
)
COLOR = Elicit(
    message="Which color?",
    fields={"color": {"type": "string"}},
    required_fields=["color"],
)
CONTEXT = Elicit(
    message="What is the context?",
    fields={"context": {"type": "string"}},
    required_fields=["context"],
)
DELETE = Elicit(
    message="Really delete it?",
    fields={"confirm": {"type": "boolean"}},
    required_fields=["confirm"],
)
CAPITAL = Sample(
    messages=[
        {"role": "user", "content": text("What is the capital of France?")},
    ],
    max_tokens=100,
)


async def ask_name(arguments: JsonObject, call: Call) -> ToolResult:
    """Ask for a name and greet."""
    answers = await call.ask({"user_name": NAME})
    return says(f"Hello, {_field(answers['user_name'], 'name')}!")


async def ask_model(arguments: JsonObject, call: Call) -> ToolResult:
    """Ask the client's model."""
    answers = await call.ask({"capital_question": CAPITAL})
    return says(f"The model said: {answers['capital_question']['content']}")


async def ask_roots(arguments: JsonObject, call: Call) -> ToolResult:
    """Ask which folders the client works in."""
    answers = await call.ask({"client_roots": ListRoots()})
    return says(f"The client has {len(answers['client_roots']['roots'])} roots.")


async def ask_with_state(arguments: JsonObject, call: Call) -> ToolResult:
    """Ask for a confirmation; the state is returned unchanged."""
    await call.ask({"confirm": CONFIRM})
    return says("state-ok")


async def ask_all(arguments: JsonObject, call: Call) -> ToolResult:
    """Ask three things at once."""
    await call.ask(
        {
            "user_name": NAME,
            "capital_question": CAPITAL,
            "client_roots": ListRoots(),
        }
    )
    return says("All three were answered.")


async def ask_twice(arguments: JsonObject, call: Call) -> ToolResult:
    """Ask one thing after another."""
    first = await call.ask({"step1": NAME})
    second = await call.ask({"step2": COLOR})
    name, color = _field(first["step1"], "name"), _field(second["step2"], "color")
    return says(f"{name} likes {color}.")


async def ask_what_can_be_asked(arguments: JsonObject, call: Call) -> ToolResult:
    """Ask only what the client declares."""
    possible: Mapping[str, Question] = {"user_name": NAME, "capital_question": CAPITAL}
    asks = {key: ask for key, ask in possible.items() if call.can_ask(ask)}
    if not asks:
        return says("There is nothing that this client can be asked.")
    await call.ask(asks)
    return says(f"Answered: {', '.join(asks)}")


class TaskTools:
    """Tools whose calls become tasks."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock

    async def _work(self, seconds: float) -> None:
        await deferLater(self._clock, seconds)

    async def failing_job(self, arguments: JsonObject, call: Call) -> ToolResult:
        """Fail after a second, with an error result."""
        call.become_task()
        await self._work(1)
        return ToolResult(content=[text("The job failed.")], is_error=True)

    async def protocol_error_job(self, arguments: JsonObject, call: Call) -> ToolResult:
        """Fail after a moment, with a JSON-RPC error."""
        call.become_task()
        await self._work(0.2)
        raise ProtocolError(-32603, "The job broke.")

    async def confirm_delete(self, arguments: JsonObject, call: Call) -> ToolResult:
        """Delete a file after the user has confirmed."""
        call.become_task()
        await self._work(0.1)
        answers = await call.ask({"confirm": DELETE})
        confirmed = _field(answers["confirm"], "confirm")
        return says(f"{arguments['filename']}: confirmed {confirmed}")

    async def multi_input(self, arguments: JsonObject, call: Call) -> ToolResult:
        """Need two answers at the same time."""
        call.become_task()
        await self._work(0.1)
        answers = await call.ask({"first": NAME, "second": DELETE})
        return says(f"Answered: {', '.join(sorted(answers))}")

    async def with_task(self, arguments: JsonObject, call: Call) -> ToolResult:
        """Ask for a name first, then become a task."""
        answers = await call.ask({"user_name": NAME})
        call.become_task()
        await self._work(0.2)
        return says(f"Hello, {_field(answers['user_name'], 'name')}!")


def asking_tools(clock: IReactorTime) -> list[Tool]:
    """Return the tools of input-required rounds and of tasks."""
    rounds = {
        "elicitation": ask_name,
        "sampling": ask_model,
        "list_roots": ask_roots,
        "request_state": ask_with_state,
        "multiple_inputs": ask_all,
        "multi_round": ask_twice,
        "tampered_state": ask_with_state,
        "capabilities": ask_what_can_be_asked,
    }
    jobs = TaskTools(clock)
    optional = TaskSupport.OPTIONAL
    return [
        *(
            tool(f"test_input_required_result_{name}", body)
            for name, body in rounds.items()
        ),
        tool("failing_job", jobs.failing_job, task=TaskSupport.REQUIRED),
        tool("protocol_error_job", jobs.protocol_error_job, task=optional),
        tool(
            "confirm_delete",
            jobs.confirm_delete,
            schema=strings("filename"),
            task=optional,
        ),
        tool("multi_input", jobs.multi_input, task=optional),
        tool("test_tool_with_task", jobs.with_task, task=optional),
    ]


def _field(answer: JsonObject, name: str) -> object:
    content = answer.get("content", {})
    return content.get(name)
