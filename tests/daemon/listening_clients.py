"""Starts real daemons for tests that read an event stream of them."""

from __future__ import annotations

import json
from typing import Any

from attrs import define, field
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.web.client import readBody

from tests.e2e.sockets import EventReader, ServerEvent

from .processes import LOOK_SECONDS, MODULE, ProcessTestCase, Running


@define(eq=False)
class Listening(Protocol):
    """Reads an event stream over a connection of its own."""

    path: str
    headers: str = ""
    events: list[ServerEvent] = field(factory=list)
    over: bool = False
    _reader: EventReader = field(factory=EventReader)
    _raw: bytes = b""

    def connectionMade(self) -> None:
        """Request the stream."""
        transport: Any = self.transport
        host = transport.getPeer()
        head = f"GET {self.path} HTTP/1.0\r\nHost: {host.host}:{host.port}\r\n"
        transport.write(
            f"{head}Accept: text/event-stream\r\n{self.headers}\r\n".encode()
        )

    def dataReceived(self, data: bytes) -> None:
        """Collect events after the head of the response."""
        if b"\r\n\r\n" not in self._raw:
            self._raw += data
            _, _, data = self._raw.partition(b"\r\n\r\n")
        self.events.extend(self._reader.feed(data))

    def connectionLost(self, reason: object = None) -> None:
        """Note that the stream has ended."""
        self.over = True

    async def heard(self, events: int) -> None:
        """Wait until so many events have arrived."""
        while len(self.events) < events:
            await deferLater(reactor, LOOK_SECONDS)

    def leave(self) -> None:
        """Cut the connection."""
        transport: Any = self.transport
        transport.abortConnection()


class ListeningTestCase(ProcessTestCase):
    """A test of a sandbox with clients of HTTP+SSE."""

    def sandbox(self, state: str, *more: str) -> Running:
        """Start a daemon whose seal keys are in this folder."""
        options = ["run", "--sandbox", "--rate-limit=0", *more]
        path = self.folder / state
        return self.spawn([*MODULE, *options, f"--state-dir={path}"])

    async def base(self, running: Running) -> str:
        """Return the URL of a daemon, without a path."""
        (url,) = (await running.ready())["urls"]
        return str(url).removesuffix("/mcp")

    async def listen(self, base: str, path: str = "/sse", **headers: str) -> Listening:
        """Open an event stream; its first event has arrived."""
        port = int(base.rpartition(":")[2])
        lines = "".join(
            f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()
        )
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        connecting: Deferred[Listening] = connectProtocol(
            endpoint, Listening(path, lines)
        )
        listening = await connecting
        await listening.heard(1)
        return listening

    async def post(self, url: str, method: str, params: Any, id: int = 1) -> Any:
        """Post a message; return the status and the body of the POST's response."""
        message = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
        types = {"Content-Type": "application/json", "Accept": "application/json"}
        response = await self.request(b"POST", url, types, self.body(message))
        body = await readBody(response)
        return response.code, json.loads(body) if body else None
