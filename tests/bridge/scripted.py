"""A relay between a scripted client and a scripted daemon, without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectionRefusedError
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone, ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent
from zope.interface import implementer

from instantly_mcp._credential import Secret
from instantly_mcp._json_codec import Json, JsonObject, dumps, loads
from instantly_mcp.bridge.http.address import DaemonAddress
from instantly_mcp.bridge.http.daemon_http import DaemonHttp
from instantly_mcp.bridge.relay.bridge import Bridge
from instantly_mcp.bridge.relay.client import LocalClient
from instantly_mcp.bridge.relay.daemon_side import DaemonSide
from instantly_mcp.bridge.relay.posting import Posting
from instantly_mcp.pipeline.replies.channel import Event
from instantly_mcp.transports.stdio_lines import ILineSink
from instantly_mcp.web.sse_writer import encode
from tests.support.cases import ClockedTestCase
from tests.support.messages import modern

URL = "https://mcp.acme.example/mcp"
TOKEN = "imt_canary-of-the-relay"
VERSION = "2025-11-25"

INITIALIZE: JsonObject = {
    "jsonrpc": "2.0",
    "id": "init",
    "method": "initialize",
    "params": {
        "protocolVersion": VERSION,
        "capabilities": {"elicitation": {}},
        "clientInfo": {"name": "tests", "version": "1"},
    },
}
AGREED = {
    "protocolVersion": VERSION,
    "capabilities": {"tools": {"listChanged": True}},
    "serverInfo": {"name": "daemon", "version": "1"},
}
TOOLS = {
    "tools": [
        {
            "name": "list_leads",
            "inputSchema": {"type": "object"},
            "annotations": {"readOnlyHint": True},
        },
        {"name": "send_mail", "inputSchema": {"type": "object"}},
    ]
}


def ask(id: Json, method: str, **params: Json) -> JsonObject:
    """Return a request."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def tool(id: Json, name: str, **arguments: Json) -> JsonObject:
    """Return a call of a tool."""
    return ask(id, "tools/call", name=name, arguments=arguments)


def result_of(id: Json, **result: Json) -> JsonObject:
    """Return a response."""
    return {"jsonrpc": "2.0", "id": id, "result": result}


def error_of(id: Json, code: int, message: str, **data: Json) -> JsonObject:
    """Return an error response."""
    error = {"code": code, "message": message, "data": data}
    return {"jsonrpc": "2.0", "id": id, "error": error}


class BodyTransport:
    """The transport of a reply's body."""

    def __init__(self) -> None:
        self.paused = False
        self.closed = False

    def pauseProducing(self) -> None:
        """Note it."""
        self.paused = True

    def resumeProducing(self) -> None:
        """Note it."""
        self.paused = False

    def loseConnection(self) -> None:
        """Note it."""
        self.closed = True


@define(eq=False)
class ScriptedReply:
    """A reply, as ``IResponse`` presents it."""

    code: int
    headers: Headers
    ready: Sequence[bytes] = ()
    length: int = field(default=0, init=False)
    transport: BodyTransport = field(factory=BodyTransport, init=False)
    reader: Any = field(default=None, init=False)

    def deliverBody(self, reader: Any) -> None:
        """Begin to deliver the body."""
        self.reader = reader
        reader.makeConnection(self.transport)
        for piece in self.ready:
            reader.dataReceived(piece)


@define(eq=False)
class Posted:
    """A request that reached the scripted daemon, and its reply."""

    method: str
    url: bytes
    headers: Headers
    body: bytes
    waiting: Deferred[Any]
    cancelled: bool = field(default=False, init=False)
    reply: ScriptedReply | None = field(default=None, init=False)

    @property
    def message(self) -> Json:
        """The message in the body."""
        return loads(self.body)

    def header(self, name: str) -> str | None:
        """Return a header of the request."""
        values = self.headers.getRawHeaders(name)
        return values[0] if values else None

    def answer(self, value: Json = None, status: int = 200, **fields: str) -> None:
        """Send a whole reply in JSON."""
        body = b"" if value is None else dumps(value)
        self.send(status, "application/json", body, **fields)

    def result(self, **result: Json) -> None:
        """Answer the request with a result."""
        self.answer(result_of(self.message["id"], **result))

    def send(self, status: int, media: str, body: bytes, **fields: str) -> None:
        """Send a whole reply."""
        self._head(status, media, fields, [body] if body else [])
        self.end()

    def stream(self, **fields: str) -> None:
        """Begin a stream of events."""
        self._head(200, "text/event-stream", fields)

    def event(
        self, message: Json, id: str | None = None, retry: int | None = None
    ) -> None:
        """Send an event; ``None`` is an empty one."""
        data = b"" if message is None else dumps(message)
        self.raw(encode(Event(data=data, id=id, retry=retry)))

    def raw(self, data: bytes) -> None:
        """Send bytes of the body."""
        self._reader.dataReceived(data)

    def end(self) -> None:
        """End the body in good order."""
        self._reader.connectionLost(Failure(ResponseDone()))

    def cut(self) -> None:
        """Cut the connection, before the reply or in its body."""
        failure = Failure(ResponseFailed([Failure(Cut())]))
        if self.reply is None:
            self.waiting.errback(failure)
        else:
            self._reader.connectionLost(failure)

    @property
    def closed(self) -> bool:
        """Whether the relay closed the connection while it read the body."""
        assert self.reply is not None
        return self.reply.transport.closed

    @property
    def paused(self) -> bool:
        """Whether the relay reads the body no further."""
        assert self.reply is not None
        return self.reply.transport.paused

    @property
    def _reader(self) -> Any:
        assert self.reply is not None
        return self.reply.reader

    def _head(
        self,
        status: int,
        media: str,
        fields: Mapping[str, str],
        ready: Sequence[bytes] = (),
    ) -> None:
        headers = Headers({"content-type": [media]})
        for name, value in fields.items():
            headers.addRawHeader(name.replace("_", "-"), value)
        self.reply = ScriptedReply(status, headers, ready)
        self.waiting.callback(self.reply)


class Cut(Exception):
    """The connection was cut after the request had been sent."""


@implementer(IAgent)
@define(eq=False)
class ScriptedDaemon:
    """Keeps each request until the test answers it.

    :ivar broken: what connecting fails with; ``None`` if the daemon can be reached.
    """

    requests: list[Posted] = field(factory=list)
    tried: int = 0
    broken: Exception | None = None

    def request(self, method, uri, headers=None, bodyProducer=None):
        """Take a request."""
        self.tried += 1
        if self.broken is not None:
            return fail(self.broken)
        parts: list[bytes] = []
        if bodyProducer is not None:
            bodyProducer.startProducing(_Collector(parts))
        posted: Posted

        def cancel(_: object) -> None:
            posted.cancelled = True

        posted = Posted(
            method.decode(), uri, headers.copy(), b"".join(parts), Deferred(cancel)
        )
        self.requests.append(posted)
        return posted.waiting

    def refuse(self) -> None:
        """Refuse connections from now on."""
        self.broken = ConnectionRefusedError()

    def take(self, method: str | None = None) -> Posted:
        """Return the oldest request, which must be for this method of MCP or HTTP."""
        posted = self.requests.pop(0)
        if method is not None:
            name = posted.message["method"] if posted.body else posted.method
            assert name == method, f"{name} instead of {method}"
        return posted


class _Collector:
    def __init__(self, parts: list[bytes]) -> None:
        self.write = parts.append


@implementer(ILineSink)
class Screen:
    """What the client received."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write_line(self, message: bytes) -> None:
        """Keep a line."""
        assert b"\n" not in message, message
        self.lines.append(message)

    def take(self) -> list[Json]:
        """Return the messages since the last time."""
        lines, self.lines = self.lines, []
        return [loads(line) for line in lines]


class RelayTestCase(ClockedTestCase):
    """A relay, its client and its daemon."""

    fields: Mapping[str, str] = {}

    def setUp(self) -> None:
        """Build them."""
        super().setUp()
        self.daemon = ScriptedDaemon()
        self.screen = Screen()
        self.reports: list[str] = []
        client = LocalClient(self.screen)
        http = DaemonHttp(
            address=DaemonAddress.parse(URL),
            agent=self.daemon,
            token=Secret(TOKEN),
            fields=self.fields,
            clock=self.clock,
        )
        posting = Posting(http=http, reactor=self.clock)
        self.side = DaemonSide(
            posting=posting, client=client, report=self.reports.append
        )
        self.bridge = Bridge(side=self.side, client=client)
        self.addCleanup(self.leave)

    def leave(self) -> None:
        """End the client's input, and everything with it."""
        ended = self.bridge.ended()
        for _ in range(30):
            self.clock.advance(1)
        self.successResultOf(ended)
        for line in [*self.reports, *map(str, self.screen.lines)]:
            self.assertNotIn(TOKEN, line)

    def say(self, *messages: Json) -> None:
        """Send messages of the client."""
        for message in messages:
            self.bridge.received(dumps(message))

    def say_modern(self, message: JsonObject) -> None:
        """Send a message of the modern era."""
        self.say(modern(message))

    def heard(self) -> list[Json]:
        """Return what the client received since the last time."""
        return self.screen.take()

    def open_session(self, session: str = "s1") -> Posted:
        """Make the handshake; return the request for the daemon's stream."""
        self.say(INITIALIZE)
        self.daemon.take("initialize").answer(
            result_of("init", **AGREED), mcp_session_id=session
        )
        self.heard()
        self.say({"jsonrpc": "2.0", "method": "notifications/initialized"})
        self.daemon.take("notifications/initialized").answer(status=202)
        return self.daemon.take("GET")

    def list_tools(self) -> None:
        """Let the client list the tools."""
        self.say(ask("list", "tools/list"))
        self.daemon.take("tools/list").result(**TOOLS)
        self.heard()
