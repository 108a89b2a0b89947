"""The product walk through ``instantly-mcp stdio``: the guard of the daemon holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from instantly_mcp._json_codec import JsonObject
from tests.support.messages import call, initialize, modern, request

from .attempts import ATTEMPTS, ONE_OF_EACH_KIND, SENDS
from .memory_pipe import MemoryPipe
from .oracle import DRAFT, FULL, READ_ONLY, everything, settings_of
from .test_walk import POLICIES, Walker
from .ways import TASK_STEPS, TASKS, error_of, outcome

Way = Callable[[MemoryPipe, str, JsonObject], JsonObject]


def uninitialized(pipe: MemoryPipe, tool: str, arguments: JsonObject) -> JsonObject:
    """Call in the legacy era; the first time, before ``initialize``."""
    return outcome(pipe.ask(call(tool, arguments)))


def _in_session(version: str) -> Way:
    def in_session(pipe: MemoryPipe, tool: str, arguments: JsonObject) -> JsonObject:
        pipe.ask(initialize(version))
        return outcome(pipe.ask(call(tool, arguments, id=2)))

    return in_session


def in_batch(pipe: MemoryPipe, tool: str, arguments: JsonObject) -> JsonObject:
    """Call as the second member of a batch."""
    pipe.ask(initialize("2025-03-26"))
    pipe.send([request("ping", id=1), call(tool, arguments, id=2)])
    return outcome(pipe.reply(2))


def modern_call(pipe: MemoryPipe, tool: str, arguments: JsonObject) -> JsonObject:
    """Call in the modern era."""
    return outcome(pipe.ask(modern(call(tool, arguments))))


def as_task(pipe: MemoryPipe, tool: str, arguments: JsonObject) -> JsonObject:
    """Call as a client that accepts tasks; wait for the task if there is one."""
    result = outcome(pipe.ask(modern(call(tool, arguments), clientCapabilities=TASKS)))
    if result.get("resultType") != "task":
        return result
    asking = modern(
        request("tasks/get", {"taskId": result["taskId"]}), clientCapabilities=TASKS
    )
    for _ in range(TASK_STEPS):
        result = outcome(pipe.ask(asking))
        if result.get("status") != "working":
            break
        pipe.reactor.advance(1)
    ended: JsonObject = result.get("result", result)
    return ended


WAYS: Mapping[str, Any] = {
    "uninitialized": uninitialized,
    "session 2024-11-05": _in_session("2024-11-05"),
    "session 2025-11-25": _in_session("2025-11-25"),
    "batch": in_batch,
    "modern": modern_call,
    "task": as_task,
}


class StdioWalkTests(Walker):
    """Each way over a pipe."""

    key = "sandbox"
    ways = WAYS

    def begin(self, **settings: str) -> Any:
        """Start a server with these settings."""
        self.daemon = MemoryPipe(**settings)  # type: ignore[assignment]
        return self.daemon

    def test_policies(self) -> None:
        """What the policy forbids does not happen, and what it allows does."""
        for policy in POLICIES:
            pipe = self.begin(**settings_of(policy))
            for way in WAYS:
                self.walk(pipe, way, FULL, policy)
        self.judge()

    def test_levels(self) -> None:
        """The level of the settings limits the client."""
        policy = everything("allow")
        for level in (READ_ONLY, DRAFT):
            pipe = self.begin(access=level, **settings_of(policy))
            for way in WAYS:
                self.walk(pipe, way, level, policy)
        self.judge()

    def test_sending_off(self) -> None:
        """With ``sending = off`` nothing that sends is sent; the rest is as before."""
        pipe = self.begin(sending="off", **settings_of(everything("allow")))
        for way in WAYS:
            for attempt in ATTEMPTS if way == "modern" else ONE_OF_EACH_KIND:
                arguments = attempt.made(pipe.world(self.key))
                result = WAYS[way](pipe, attempt.tool, arguments)
                found = pipe.writes(self.key), error_of(result).get("code", "")
                sends = SENDS in attempt.classes
                right = ([], "sending_off") if sends else ([attempt.operation], "")
                self.assertEqual(found, right, f"{way}, {attempt.name}")

    def test_caps(self) -> None:
        """The caps of the settings limit the client, and all its ways together."""
        attempt = next(each for each in ATTEMPTS if each.operation == "replyToEmail")
        pipe = self.begin(caps_mails="2", **settings_of(everything("allow")))
        codes = []
        for way in ("modern", "session 2025-11-25", "modern"):
            arguments = attempt.made(pipe.world(self.key))
            result = WAYS[way](pipe, attempt.tool, arguments)
            codes.append(error_of(result).get("code", ""))
        self.assertEqual(codes, ["", "", "cap_reached"])
        self.assertEqual(len(pipe.writes(self.key)), 2)
