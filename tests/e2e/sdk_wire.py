"""The official SDK's client, which runs in a process of its own: see ``driver``."""

from __future__ import annotations

import json
import sys
from typing import Any

from attrs import define, field
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from instantly_mcp._json_codec import Json, JsonObject, loads
from tests.daemon.processes import ROOT

from .transcript import Transcript
from .wires import Refused, key_headers


class Driver(ProcessProtocol):
    """The process in which the official client runs."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.complaints = b""
        self.ended: Deferred[None] = Deferred()
        self.over = False
        self._rest = b""
        self._waiting: list[Deferred[JsonObject]] = []

    def outReceived(self, data: bytes) -> None:
        """Read the lines that are complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(loads(line))

    def errReceived(self, data: bytes) -> None:
        """Keep what it writes to standard error."""
        self.complaints += data

    def processEnded(self, reason: Failure) -> None:
        """Fail every waiting call."""
        self.over = True
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.errback(AssertionError(f"the driver ended: {self.complaints!r}"))
        self.ended.callback(None)

    def _take(self, line: JsonObject) -> None:
        received = line.get("received")
        if received is None:
            self._waiting.pop(0).callback(line)
            return
        self.transcript.sent(received["sent"], received["session"])
        kind = received["type"] if received["method"] != "DELETE" else ""
        if received["status"] == 200 or kind == "application/json":
            self.transcript.received_body(kind, received["body"])

    async def said(self, command: JsonObject | None = None) -> Json:
        """Send a command, if there is one; return the value of its answer."""
        waiting: Deferred[JsonObject] = Deferred()
        self._waiting.append(waiting)
        if command is not None:
            transport: Any = self.transport
            transport.write(json.dumps(command).encode() + b"\n")
        line = await waiting
        if "refused" in line:
            raise Refused(line["refused"])
        return line["value"]


@define(eq=False)
class SdkWire:
    """The official SDK's client.

    :param kind: which of the driver's wires.
    :param revision: what it must agree on with the server.
    """

    url: str
    key: str | None
    kind: str
    revision: str
    transcript: Transcript = field(factory=Transcript, init=False)
    driver: Driver = field(init=False)

    async def connect(self) -> None:
        self.driver = Driver(self.transcript)
        url = self.url.replace("/mcp", "/sse") if self.kind == "sse" else self.url
        arguments = [sys.executable, "-m", "tests.e2e.driver", self.kind, url]
        for pair in key_headers(self.key).items():
            arguments += pair
        waiting = Deferred.fromCoroutine(self.driver.said())
        reactor.spawnProcess(
            self.driver, sys.executable, arguments, env=None, path=str(ROOT)
        )
        self._agreed(await waiting)

    def _agreed(self, version: Json) -> None:
        assert version == self.revision, version
        self.transcript.revision = self.revision

    async def resume(self) -> None:
        """Connect again if the client uses HTTP+SSE, whose stream was closed."""
        if self.kind == "sse":
            self._agreed(await self.driver.said({"do": "again"}))

    async def tools(self) -> list[JsonObject]:
        listed: list[JsonObject] = await self.driver.said({"do": "tools"})
        return listed

    async def call(self, tool: str, arguments: JsonObject) -> JsonObject:
        command = {"do": "call", "tool": tool, "arguments": arguments}
        result: JsonObject = await self.driver.said(command)
        return result

    async def leave(self) -> None:
        """Disconnect as the client does."""
        waiting = Deferred.fromCoroutine(self.driver.said())
        transport: Any = self.driver.transport
        transport.closeStdin()
        assert await waiting == "left"
        await self.driver.ended
        assert b"Traceback" not in self.driver.complaints, self.driver.complaints

    def drop(self) -> Deferred[None] | None:
        if self.driver.over:
            return None
        transport: Any = self.driver.transport
        transport.signalProcess("KILL")
        return self.driver.ended
