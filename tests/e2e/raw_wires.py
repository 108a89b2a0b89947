"""Raw clients of each transport, which write every byte themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import define, field

from instantly_mcp._json_codec import JsonObject, dumps, loads
from tests.support.messages import (
    MODERN_VERSION,
    call,
    initialize,
    modern,
    modern_headers,
    notice,
    request,
)

from . import sockets
from .sockets import BOTH, Connection, Reply
from .transcript import Transcript
from .wires import key_headers, result_of

STREAMED = "add_leads_to_campaign_or_list_bulk"
"""A tool that is called with a progress token, so that the response is a stream."""


@define(eq=False)
class RawWire:
    """The base class of the raw clients."""

    url: str
    key: str | None = None
    transcript: Transcript = field(factory=Transcript, init=False)
    connection: Connection = field(init=False)
    opened: list[Connection] = field(factory=list, init=False)
    _id: int = field(default=0, init=False)

    @property
    def port(self) -> int:
        """The port of the server."""
        port = urlsplit(self.url).port
        assert port is not None
        return port

    async def connect(self) -> None:
        """Connect; each transport implements this."""
        raise AssertionError("each transport connects in its own way")

    resume = connect

    async def another(self) -> Connection:
        """Open one more connection."""
        opened = await sockets.connect(self.port)
        self.opened.append(opened)
        return opened

    def drop(self) -> None:
        for connection in self.opened:
            connection.drop()

    async def leave(self) -> None:
        self.drop()

    async def tools(self) -> list[JsonObject]:
        listed = result_of(await self.ask(request("tools/list", {}, self.next_id())))
        tools: list[JsonObject] = listed["tools"]
        return tools

    async def call(self, tool: str, arguments: JsonObject) -> JsonObject:
        token = "steps" if tool == STREAMED else None
        message = call(tool, arguments, self.next_id(), token)
        return result_of(await self.ask(message))

    async def ask(self, message: JsonObject) -> JsonObject:
        """Send a request; return its response."""
        raise AssertionError(f"no callback for the request {message}")

    def next_id(self) -> int:
        """Return an id that was not used before."""
        self._id += 1
        return self._id

    async def posted(
        self, target: str, message: JsonObject, headers: Mapping[str, str]
    ) -> Reply:
        """POST a message on the connection; note what comes back."""
        self.transcript.sent(message, headers.get("Mcp-Session-Id"))
        whole = {
            "Content-Type": "application/json",
            "Accept": BOTH,
            **key_headers(self.key),
            **headers,
        }
        reply = await self.connection.ask(
            sockets.request("POST", target, whole, dumps(message))
        )
        kind = reply.head.headers.get("content-type", "")
        self.transcript.received_body(kind, reply.body.decode())
        return reply


@define(eq=False)
class SessionWire(RawWire):
    """Streamable HTTP with a session and an open GET stream."""

    version: str = "2025-11-25"
    session: str = field(default="", init=False)
    news: Connection = field(init=False)

    async def connect(self) -> None:
        self.transcript.revision = self.version
        self.connection = await self.another()
        opening = initialize(self.version, self.next_id())
        reply = await self.posted("/mcp", opening, {})
        assert result_of(reply.json)["protocolVersion"] == self.version, reply.json
        self.session = reply.head.headers["mcp-session-id"]
        await self._introduce()

    async def _introduce(self) -> None:
        done = await self.posted(
            "/mcp", notice("notifications/initialized"), self.headers()
        )
        assert done.status == 202, done
        self.news = await self.another()
        whole = {"Accept": "text/event-stream", **key_headers(self.key)}
        head = await self.news.send(
            sockets.request("GET", "/mcp", {**whole, **self.headers()})
        )
        assert head.status == 200, head
        assert head.streams, head

    async def resume(self) -> None:
        """Open new connections and continue the session."""
        async for event in self.news.events():
            if event.data:
                self.transcript.received(loads(event.data.encode()))
        await self.connection.ended()
        self.connection = await self.another()
        await self._introduce()

    async def ask(self, message: JsonObject) -> JsonObject:
        before = len(self.transcript.messages)
        reply = await self.posted("/mcp", message, self.headers())
        assert reply.status == 200, reply
        *notices, answer = self.transcript.messages[before:]
        if "_meta" in message["params"]:
            assert reply.head.streams, reply.head
            assert [each["method"] for each in notices] == ["notifications/progress"]
        assert answer["id"] == message["id"], answer
        return answer

    async def leave(self) -> None:
        """End the session with DELETE."""
        whole = {**key_headers(self.key), **self.headers()}
        gone = await self.connection.ask(sockets.request("DELETE", "/mcp", whole))
        assert gone.status == 204, gone
        dead = await self.posted("/mcp", request("ping", {}, 99), self.headers())
        assert dead.status == 404, dead
        self.drop()

    def headers(self) -> Mapping[str, str]:
        """Return the headers of a request within the session."""
        named = {"Mcp-Session-Id": self.session}
        return {**named, "MCP-Protocol-Version": self.version}


@define(eq=False)
class ModernWire(RawWire):
    """The modern era: requests only."""

    async def connect(self) -> None:
        self.transcript.revision = MODERN_VERSION
        self.connection = await self.another()
        asked = request("server/discover", {}, self.next_id())
        found = result_of(await self.ask(asked))
        assert MODERN_VERSION in found["supportedVersions"], found

    async def resume(self) -> None:
        await self.connection.ended()
        self.connection = await self.another()

    async def ask(self, message: JsonObject) -> JsonObject:
        whole, headers = self.enveloped(message)
        reply = await self.posted("/mcp", whole, headers)
        assert reply.status == 200, reply
        answer: JsonObject = self.transcript.messages[-1]
        assert answer["id"] == message["id"], answer
        return answer

    def enveloped(self, message: JsonObject) -> tuple[JsonObject, Mapping[str, str]]:
        """Return a message in its envelope, and the headers that match it."""
        whole = modern(message)
        return whole, {name: str(text) for name, text in modern_headers(whole).items()}


@define(eq=False)
class StreamWire(RawWire):
    """HTTP+SSE of 2024-11-05.

    :param path: where the stream is opened: ``/sse``, or ``/mcp`` as old clients do.
    :param reopens: start all over after the server was away, with a handshake;
        otherwise only open the stream again, as an EventSource does by itself.
    """

    path: str = "/sse"
    reopens: bool = False
    target: str = field(default="", init=False)
    stream: Connection | None = field(default=None, init=False)
    _events: Any = field(default=None, init=False)

    async def connect(self) -> None:
        self.transcript.revision = "2024-11-05"
        self.connection = await self.another()
        await self._open()
        opening = initialize("2024-11-05", self.next_id())
        result_of(await self.ask(opening))
        done = await self.posted(self.target, notice("notifications/initialized"), {})
        assert done.status == 202, done

    async def _open(self) -> None:
        self.stream = await self.another()
        whole = {"Accept": "text/event-stream", **key_headers(self.key)}
        head = await self.stream.send(sockets.request("GET", self.path, whole))
        assert head.status == 200, head
        assert head.streams, head
        self._events = self.stream.events()
        endpoint = await anext(self._events)
        assert endpoint.name == "endpoint", endpoint
        self.target = endpoint.data

    async def resume(self) -> None:
        async for event in self._events:
            raise AssertionError(f"unexpected event {event}")
        await self.connection.ended()
        self.connection = await self.another()
        lost = await self.posted(self.target, request("ping", {}, self.next_id()), {})
        assert lost.status == 404, lost
        if self.reopens:
            self.connection.drop()
            await self.connect()
        else:
            await self._open()

    async def ask(self, message: JsonObject) -> JsonObject:
        reply = await self.posted(self.target, message, {})
        assert reply.status == 202, reply
        async for event in self._events:
            received = loads(event.data.encode())
            self.transcript.received(received)
            if received.get("id") == message["id"]:
                found: JsonObject = received
                return found
        raise AssertionError("the stream ended without the answer")
