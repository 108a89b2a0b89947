"""The program of the bundle as a process, and a client that writes lines to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from .installed import Installed

Message = dict[str, Any]

VERSION = "2025-11-25"
MODERN = "2026-07-28"
PREFIX = "io.modelcontextprotocol/"
ENVELOPE = {
    f"{PREFIX}protocolVersion": MODERN,
    f"{PREFIX}clientCapabilities": {},
    f"{PREFIX}clientInfo": {"name": "tests", "version": "1"},
}
OPENING = {
    "protocolVersion": VERSION,
    "capabilities": {"elicitation": {}},
    "clientInfo": {"name": "tests", "version": "1"},
}


class RelayProcess(ProcessProtocol):
    """The relay; everything that it writes to standard output must be a message."""

    def __init__(self) -> None:
        self.output = b""
        self.errors = b""
        self.messages: list[Message] = []
        self.ended: Deferred[int] = Deferred()
        self._rest = b""
        self._last = 0
        self._waiting: list[tuple[Any, Deferred[Message]]] = []

    def outReceived(self, data: bytes) -> None:
        """Take the lines that are complete."""
        self.output += data
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            self.messages.append(message)
            due = [one for one in self._waiting if one[0](message)]
            self._waiting = [one for one in self._waiting if one not in due]
            for _, waiter in due:
                waiter.callback(message)

    def errReceived(self, data: bytes) -> None:
        """Keep what it reports."""
        self.errors += data

    def processEnded(self, reason: Failure) -> None:
        """Fail whatever still waits."""
        waiting, self._waiting = self._waiting, []
        for _, waiter in waiting:
            waiter.errback(AssertionError(f"the relay ended: {self.errors!r}"))
        value: Any = reason.value
        self.ended.callback(value.exitCode)

    def write(self, line: bytes) -> None:
        """Write a line to its standard input."""
        process: Any = self.transport
        process.write(line + b"\n")

    def close(self) -> None:
        """End its standard input, as clients do that quit."""
        process: Any = self.transport
        process.closeStdin()

    def tell(self, method: str, **params: Any) -> None:
        """Send a notification."""
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        self.write(json.dumps(message).encode())

    def ask(self, method: str, **params: Any) -> Deferred[Message]:
        """Send a request; fire with the response."""
        self._last += 1
        id = self._last
        message = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
        answered = self.next(lambda each: each.get("id") == id and "method" not in each)
        self.write(json.dumps(message).encode())
        return answered

    def ask_modern(self, method: str, **params: Any) -> Deferred[Message]:
        """Send a request of the modern era."""
        return self.ask(method, **params, _meta=ENVELOPE)

    def next(self, wanted: Any) -> Deferred[Message]:
        """Fire with the next message of a kind."""
        waiter: Deferred[Message] = Deferred()
        self._waiting.append((wanted, waiter))
        return waiter

    def notified(self, method: str) -> Deferred[Message]:
        """Fire with the next notification of this method."""
        return self.next(lambda each: each.get("method") == method)

    async def call(self, name: str, **arguments: Any) -> Message:
        """Call a tool; return the result."""
        answer = await self.ask("tools/call", name=name, arguments=arguments)
        result: Message = answer["result"]
        return result

    async def tools(self) -> list[str]:
        """List the tools."""
        answer = await self.ask("tools/list")
        return [tool["name"] for tool in answer["result"]["tools"]]

    async def connect(self) -> Message:
        """Make the handshake of the legacy era; return the result of the daemon."""
        answer = await self.ask("initialize", **OPENING)
        self.tell("notifications/initialized")
        result: Message = answer["result"]
        return result


def text_of(result: Mapping[str, Any]) -> str:
    """Return the text of a tool's result."""
    return "".join(block["text"] for block in result["content"])


def start(case: TestCase, installed: Installed) -> RelayProcess:
    """Start the program of the bundle, with the environment of its manifest only."""
    relay = RelayProcess()
    words = [installed.command, *installed.args]
    reactor.spawnProcess(relay, words[0], words, env=installed.env)
    case.addCleanup(_end, relay)
    return relay


def _end(relay: RelayProcess) -> Deferred[int] | None:
    process: Any = relay.transport
    if relay.ended.called:
        return None
    process.signalProcess("KILL")
    return relay.ended
