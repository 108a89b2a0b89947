"""Clients of every wire, all alike to whoever tells a story with them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from attrs import define, field
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from instantly_mcp._json import Json, JsonObject, dumps, loads
from tests.daemon.processes import ROOT
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
from .hearing import Hearing
from .sockets import BOTH, Connection, Reply

STREAMED = "add_leads_to_campaign_or_list_bulk"
"""The tool that is called with a progress token, so that its answer is a stream."""


class Wire(Protocol):
    """A client that has nothing to do but what the story says."""

    heard: Hearing

    async def connect(self) -> None:
        """Do what must be done before the first call."""

    async def resume(self) -> None:
        """Do what must be done when the server was away."""

    async def tools(self) -> list[JsonObject]:
        """List the tools."""

    async def call(self, tool: str, arguments: JsonObject) -> JsonObject:
        """Call a tool; return its result."""

    async def leave(self) -> None:
        """Say goodbye."""

    def drop(self) -> Deferred[None] | None:
        """Let go of everything at once, if anything is left."""


def key_headers(key: str | None) -> Mapping[str, str]:
    """Return the header that presents a key, if there is one."""
    return {} if key is None else {"x-instantly-api-key": key}


class Refused(Exception):
    """The server answered a request with an error."""

    def __init__(self, error: JsonObject) -> None:
        super().__init__(str(error))
        self.code: int = error["code"]
        self.message: str = error["message"]


def result_of(message: JsonObject) -> JsonObject:
    """Return the result of a response.

    :raises Refused: when it is an error.
    """
    if "error" in message:
        raise Refused(message["error"])
    result: JsonObject = message["result"]
    return result


# -- by hand -----------------------------------------------------------------------


@define(eq=False)
class RawWire:
    """What all clients written by hand have in common."""

    url: str
    key: str | None = None
    heard: Hearing = field(factory=Hearing, init=False)
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
        """Each wire has its own way."""
        raise AssertionError("nothing is spoken here")

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
        raise AssertionError(f"nobody is there to answer {message}")

    def next_id(self) -> int:
        """Return an id that was not used before."""
        self._id += 1
        return self._id

    async def posted(
        self, target: str, message: JsonObject, headers: Mapping[str, str]
    ) -> Reply:
        """POST a message on the connection; note what comes back."""
        self.heard.sent(message, headers.get("Mcp-Session-Id"))
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
        self.heard.took_body(kind, reply.body.decode())
        return reply


@define(eq=False)
class SessionWire(RawWire):
    """Streamable HTTP with a session and an open GET stream."""

    version: str = "2025-11-25"
    session: str = field(default="", init=False)
    news: Connection = field(init=False)

    async def connect(self) -> None:
        self.heard.revision = self.version
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
        """Open new connections and go on with the old session."""
        async for event in self.news.events():
            if event.data:
                self.heard.took(loads(event.data.encode()))
        await self.connection.ended()
        self.connection = await self.another()
        await self._introduce()

    async def ask(self, message: JsonObject) -> JsonObject:
        before = len(self.heard.messages)
        reply = await self.posted("/mcp", message, self.headers())
        assert reply.status == 200, reply
        *notices, answer = self.heard.messages[before:]
        if "_meta" in message["params"]:
            assert reply.head.streams, reply.head
            assert [each["method"] for each in notices] == ["notifications/progress"]
        assert answer["id"] == message["id"], answer
        return answer

    async def leave(self) -> None:
        """End the session; nothing else can be done with it."""
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
    """The stateless era: nothing but requests."""

    async def connect(self) -> None:
        self.heard.revision = MODERN_VERSION
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
        answer: JsonObject = self.heard.messages[-1]
        assert answer["id"] == message["id"], answer
        return answer

    def enveloped(self, message: JsonObject) -> tuple[JsonObject, Mapping[str, str]]:
        """Return a message in its envelope, and the headers that agree with it."""
        whole = modern(message)
        return whole, {name: str(text) for name, text in modern_headers(whole).items()}


@define(eq=False)
class StreamWire(RawWire):
    """HTTP+SSE of 2024-11-05.

    :param path: where the stream is opened: ``/sse``, or ``/mcp`` as old clients do.
    :param reopens: open a new stream after the server was away; otherwise go on with
        the old session id and read the answers in the bodies.
    """

    path: str = "/sse"
    reopens: bool = False
    target: str = field(default="", init=False)
    stream: Connection | None = field(default=None, init=False)
    _events: Any = field(default=None, init=False)

    async def connect(self) -> None:
        self.heard.revision = "2024-11-05"
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
            raise AssertionError(f"nobody asked for {event}")
        await self.connection.ended()
        self.stream = None
        self.connection = await self.another()
        if self.reopens:
            self.connection.drop()
            await self.connect()

    async def ask(self, message: JsonObject) -> JsonObject:
        reply = await self.posted(self.target, message, {})
        if self.stream is None:
            assert reply.status == 200, reply
            answer: JsonObject = reply.json
            return answer
        assert reply.status == 202, reply
        async for event in self._events:
            heard = loads(event.data.encode())
            self.heard.took(heard)
            if heard.get("id") == message["id"]:
                found: JsonObject = heard
                return found
        raise AssertionError("the stream ended without the answer")


# -- the official SDK --------------------------------------------------------------


class Driver(ProcessProtocol):
    """The process in which the official client runs."""

    def __init__(self, heard: Hearing) -> None:
        self.heard = heard
        self.complaints = b""
        self.ended: Deferred[None] = Deferred()
        self.over = False
        self._rest = b""
        self._waiting: list[Deferred[JsonObject]] = []

    def outReceived(self, data: bytes) -> None:
        """Take lines."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(loads(line))

    def errReceived(self, data: bytes) -> None:
        """Keep what it complains of."""
        self.complaints += data

    def processEnded(self, reason: Failure) -> None:
        """Let nobody wait in vain."""
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
        self.heard.sent(received["sent"], received["session"])
        kind = received["type"] if received["method"] != "DELETE" else ""
        if received["status"] == 200 or kind == "application/json":
            self.heard.took_body(kind, received["body"])

    async def said(self, command: JsonObject | None = None) -> Json:
        """Give a command, if there is one; return the answer's value."""
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
    heard: Hearing = field(factory=Hearing, init=False)
    driver: Driver = field(init=False)

    async def connect(self) -> None:
        self.driver = Driver(self.heard)
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
        self.heard.revision = self.revision

    async def resume(self) -> None:
        """Only a client of the old wire has to connect again: its stream is gone."""
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
        """Let it disconnect as it does."""
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
