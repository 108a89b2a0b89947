"""A web site with a scripted pipeline, and connections to it without a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from attrs import define, evolve, field, frozen
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from instantly_mcp._json_codec import Json, loads
from instantly_mcp.pipeline.exchange import Exchange, Headers
from instantly_mcp.pipeline.replies.reply import Reply, json_answer
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.web.build import make_site, make_web_app
from instantly_mcp.web.delivery import Streams
from instantly_mcp.web.http.access_log import AccessLog
from instantly_mcp.web.http.limits import WebLimits
from instantly_mcp.web.http.site import McpSite
from instantly_mcp.web.interfaces import Condition, Facts, IStatus

NOW = 1_800_000_000.25
CANARY = "canarykey+abc/def=="
GOOD_ORIGIN = "https://app.example"

FACTS = Facts(
    name="instantly-mcp",
    title="Instantly",
    description="Cold e-mail over MCP",
    version="9.9.9",
    mode="sandbox",
    protocol_versions=("2026-07-28", "2025-11-25"),
    tool_count=40,
    capabilities={"tools": {}},
    features=("sandbox",),
    authentication=("Authorization: Bearer YOUR_KEY",),
    port=3000,
    url="http://127.0.0.1:3000",
)


WELL = Condition(ready=True, draining=False, sessions=3, streams=2, degraded={})


@implementer(IStatus)
@define
class FixedStatus:
    """A daemon in the condition that the test needs."""

    now: Condition = WELL
    known: Facts = FACTS

    def facts(self) -> Facts:
        """Return the facts."""
        return self.known

    def condition(self) -> Condition:
        """Return the condition."""
        return self.now


@define(eq=False)
class ScriptedPipeline:
    """Answers every exchange as the test says, and keeps what it was given."""

    reply: Reply | Deferred[Reply] | Callable[[Exchange], Deferred[Reply]] = field(
        factory=lambda: json_answer(200, {"jsonrpc": "2.0", "id": 1, "result": {}})
    )
    exchanges: list[Exchange] = field(factory=list)

    def run(self, exchange: Exchange) -> Deferred[Reply]:
        """Answer."""
        self.exchanges.append(exchange)
        if callable(self.reply):
            return self.reply(exchange)
        if isinstance(self.reply, Deferred):
            return self.reply
        return succeed(self.reply)


@define(eq=False)
class RecordingMetrics:
    """Remembers what was reported to it."""

    exchanges: list[tuple[str, int, float]] = field(factory=list)

    def exchange(self, route: str, status: int, seconds: float) -> None:
        """Remember."""
        self.exchanges.append((route, status, seconds))


def guard(headers: Headers, here: IAddress) -> ProtocolError | None:
    """Let in requests without Origin or with a good one; none for ``Host: evil``."""
    origin = headers.get("origin")
    if origin is not None and not allowed(origin):
        return ProtocolError(-32600, "Origin not allowed", status=403)
    if headers.get("host") == "evil":
        return ProtocolError(-32600, "Unknown Host", status=421)
    return None


def allowed(origin: str) -> bool:
    """Allow one origin."""
    return origin == GOOD_ORIGIN


class MemoryServer:
    """A site with everything that the tests want to look at."""

    def __init__(
        self,
        clock: IReactorTime,
        limits: WebLimits | None = None,
        prefix: str = "",
        **choices: Any,
    ) -> None:
        self.limits = WebLimits() if limits is None else limits
        self.pipeline = ScriptedPipeline()
        self.status = FixedStatus(known=evolve(FACTS, prefix=prefix))
        self.metrics = RecordingMetrics()
        self.access_log = AccessLog(self.metrics)
        self.streams = Streams(self.limits)
        self.app = make_web_app(
            pipeline=self.pipeline,
            status=self.status,
            guard=choices.pop("guard", guard),
            allowed_origin=allowed,
            access_log=self.access_log,
            streams=self.streams,
            wall=lambda: NOW,
            clock=clock,
            **choices,
        )
        self.site = make_site(self.app, clock, self.limits, lambda: NOW, prefix)

    def connect(self, host: str = "127.0.0.1") -> Connection:
        """Open a connection."""
        return Connection(self, host)


class Pipe(StringTransport):
    """An end of a connection that has no other end."""

    def __init__(self, host: str) -> None:
        super().__init__(peerAddress=IPv4Address("TCP", host, 54321))
        self.aborted = False

    def abortConnection(self) -> None:
        """Abort it."""
        self.aborted = True


@frozen
class Response:
    """One answer, taken apart."""

    status: int
    headers: Mapping[str, Sequence[str]]
    body: bytes

    def one(self, name: str) -> str | None:
        """Return the only value of a header."""
        values = self.headers.get(name, ())
        if len(values) > 1:
            raise AssertionError(f"{name} is there {len(values)} times")
        return values[0] if values else None

    def json(self) -> Json:
        """Return the body, which must say that it is JSON."""
        if self.one("content-type") != "application/json":
            raise AssertionError(f"not JSON: {self.one('content-type')}")
        return loads(self.body)


class Served(Protocol):
    """What connections are made to."""

    site: McpSite


class Connection:
    """A client's connection, in memory."""

    def __init__(self, server: Served, host: str) -> None:
        self.pipe = Pipe(host)
        self.channel = server.site.buildProtocol(None)
        self.channel.makeConnection(self.pipe)

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.channel.dataReceived(data)

    def output(self) -> bytes:
        """Return the bytes received and not yet taken."""
        data: bytes = self.pipe.value()
        self.pipe.clear()
        return data

    def responses(self, *, head: bool = False) -> list[Response]:
        """Take the complete answers received so far."""
        data = self.output()
        found = []
        while data:
            response, data = parse(data, head=head)
            found.append(response)
        return found

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Response:
        """Send a request, return its one answer."""
        self.send(request(method, target, headers, body))
        (response,) = self.responses(head=method == "HEAD")
        return response

    @property
    def closing(self) -> bool:
        """The server has closed its end."""
        return bool(self.pipe.disconnecting or self.pipe.aborted)

    def hang_up(self) -> None:
        """Leave, as clients do; or complete the server's closing."""
        reason = ConnectionAborted() if self.pipe.aborted else ConnectionDone()
        self.channel.connectionLost(Failure(reason))


def request(
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> bytes:
    """Return a well-formed request."""
    fields = {"Host": "127.0.0.1:3000", **(headers or {})}
    if body:
        fields["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def parse(data: bytes, *, head: bool = False) -> tuple[Response, bytes]:
    """Take one answer from the front of `data`."""
    top, separator, rest = data.partition(b"\r\n\r\n")
    if not separator:
        raise AssertionError(f"no complete head in {data!r:.200}")
    first, *lines = top.decode("latin-1").split("\r\n")
    version, code, _ = first.split(" ", 2)
    if version != "HTTP/1.1":
        raise AssertionError(f"odd status line {first!r}")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers.setdefault(name.lower(), []).append(value)
    status = int(code)
    if head or status in (204, 304):
        return Response(status, headers, b""), rest
    if headers.get("transfer-encoding") == ["chunked"]:
        body, rest = _chunks(rest)
    else:
        length = int(headers["content-length"][0])
        body, rest = rest[:length], rest[length:]
    return Response(status, headers, body), rest


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        body, data = body + data[:length], data[length + 2 :]
        if length == 0:
            break
    return body, data
