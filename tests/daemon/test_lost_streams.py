"""A client of HTTP+SSE whose daemon restarts: nothing it posts is done unseen."""

from __future__ import annotations

import json
import signal
from typing import Any

from attrs import define, field
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.web.client import readBody

from instantly_mcp._deferred import deferred
from tests.e2e.sockets import EventReader, ServerEvent

from .processes import LOOK_SECONDS, MODULE, ProcessTestCase, Running

NAME = "Written once"
WRITE = {"name": "create_lead_list", "arguments": {"name": NAME}}


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
        """Ask for the stream."""
        transport: Any = self.transport
        host = transport.getPeer()
        head = f"GET {self.path} HTTP/1.0\r\nHost: {host.host}:{host.port}\r\n"
        transport.write(
            f"{head}Accept: text/event-stream\r\n{self.headers}\r\n".encode()
        )

    def dataReceived(self, data: bytes) -> None:
        """Take events, after the head of the answer."""
        if b"\r\n\r\n" not in self._raw:
            self._raw += data
            _, _, data = self._raw.partition(b"\r\n\r\n")
        self.events.extend(self._reader.feed(data))

    def connectionLost(self, reason: object = None) -> None:
        """The stream is over."""
        self.over = True

    async def heard(self, events: int) -> None:
        """Wait until so many events have arrived."""
        while len(self.events) < events:
            await deferLater(reactor, LOOK_SECONDS)

    def leave(self) -> None:
        """Cut the connection."""
        transport: Any = self.transport
        transport.abortConnection()


class LostStreamTests(ProcessTestCase):
    """E33: a sessionId of ours is answered on its stream or not at all."""

    def sandbox(self, state: str) -> Running:
        """Start a daemon whose seal lives in this folder."""
        options = ["run", "--sandbox", "--rate-limit=0"]
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
        """Post a message; return the status and what the POST itself answers."""
        message = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
        types = {"Content-Type": "application/json", "Accept": "application/json"}
        response = await self.request(b"POST", url, types, self.body(message))
        body = await readBody(response)
        return response.code, json.loads(body) if body else None

    async def written(self, base: str) -> int:
        """Return how many lead lists the write has made."""
        listing = {"name": "list_lead_lists", "arguments": {"limit": 100}}
        status, answer = await self.post(f"{base}/mcp", "tools/call", listing)
        self.assertEqual(status, 200)
        text: str = answer["result"]["content"][0]["text"]
        return text.count(NAME)

    @deferred
    async def test_restart(self) -> None:
        """What is posted for a stream of before the restart is 404, and not done.

        Whether the daemon still knows the seal of the id, or has lost it.
        """
        for second in ("kept", "lost"):
            first = self.sandbox("kept")
            base = await self.base(first)
            stream = await self.listen(base)
            where = stream.events[0].data
            status, body = await self.post(base + where, "tools/call", WRITE)
            self.assertEqual((status, body), (202, None))
            await stream.heard(2)
            self.assertEqual(await self.written(base), 1)
            first.send(signal.SIGTERM)
            self.assertEqual(await first.ended, 0, first.output)
            base = await self.base(self.sandbox(second))
            for id in (2, 2, 3):
                status, body = await self.post(base + where, "tools/call", WRITE, id)
                self.assertEqual((status, body["error"]["code"]), (404, -32001))
            self.assertEqual(await self.written(base), 0)

    @deferred
    async def test_disconnect(self) -> None:
        """So it is for a stream that its client, or a proxy, has dropped."""
        base = await self.base(self.sandbox("state"))
        stream = await self.listen(base)
        where = stream.events[0].data
        stream.leave()
        await self.until(lambda: stream.over)
        status = 202
        while status == 202:
            # Until the daemon notices that the connection is gone.
            status, _ = await self.post(base + where, "ping", {})
        for id in (2, 3):
            status, body = await self.post(base + where, "tools/call", WRITE, id)
            self.assertEqual((status, body["error"]["code"]), (404, -32001))
        self.assertEqual(await self.written(base), 0)

    @deferred
    async def test_never_had_a_stream(self) -> None:
        """Ids that are not ours, and none at all, are executed directly, once."""
        base = await self.base(self.sandbox("state"))
        for query in ("", "?sessionId=7f4df3ba-8d4a-4ea2-9a0e-000000000000"):
            before = await self.written(base)
            where = f"{base}/messages{query}"
            status, answer = await self.post(where, "tools/call", WRITE)
            self.assertEqual(status, 200)
            self.assertNotIn("isError", answer["result"])
            self.assertEqual(await self.written(base), before + 1)
