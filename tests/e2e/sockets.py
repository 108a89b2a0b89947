"""HTTP/1.1 on a plain connection: this module writes every byte that is sent.

It reads strictly: one answer, framed by its length or in chunks, or an event stream.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from attrs import define, field, frozen
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure

from instantly_mcp._json_codec import Json, loads

CRLF = b"\r\n"
BOTH = "application/json, text/event-stream"


class Closed(AssertionError):
    """The connection ended before the answer did."""


@frozen
class Head:
    """The status and the headers of an answer."""

    status: int
    headers: Mapping[str, str]

    @property
    def streams(self) -> bool:
        """The answer is an event stream."""
        return self.headers.get("content-type") == "text/event-stream"


@frozen
class Reply:
    """A complete answer."""

    head: Head
    body: bytes

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.head.status

    @property
    def json(self) -> Json:
        """The body, which must be JSON."""
        return loads(self.body)

    @property
    def error(self) -> Json:
        """The JSON-RPC error that the body must be."""
        return self.json["error"]


@frozen
class ServerEvent:
    """One event of a stream."""

    name: str
    data: str


@define(eq=False)
class EventReader:
    """Splits the bytes of a stream into events; comments are dropped."""

    _rest: bytes = field(default=b"", init=False)

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Take bytes; return the events that they complete."""
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        return [event for block in blocks for event in self._event(block)]

    def _event(self, block: bytes) -> list[ServerEvent]:
        fields: dict[str, list[str]] = {}
        for line in block.decode().splitlines():
            name, _, value = line.partition(":")
            if name:
                fields.setdefault(name, []).append(value.removeprefix(" "))
        if "data" not in fields:
            return []
        name = fields.get("event", ["message"])[-1]
        return [ServerEvent(name, "\n".join(fields["data"]))]


class Connection(Protocol):
    """One TCP connection, one request after the other."""

    def __init__(self) -> None:
        self.over = False
        self.everything = b""
        self._arrived = b""
        self._waiting: Deferred[None] | None = None

    # -- bytes ---------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        """Keep received bytes for the readers."""
        self.everything += data
        self._arrived += data
        self._wake()

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """Notify the readers that the connection is closed."""
        self.over = True
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    def _news(self) -> Deferred[None]:
        waiting: Deferred[None] = Deferred(self._given_up)
        self._waiting = waiting
        return waiting

    def _given_up(self, waiting: Deferred[None]) -> None:
        self._waiting = None

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        transport: Any = self.transport
        transport.write(data)

    def drop(self) -> None:
        """Cut the connection."""
        transport: Any = self.transport
        transport.abortConnection()

    async def until(self, true: Callable[[bytes], int]) -> bytes:
        """Return the bytes up to the index that `true` finds; -1 waits for more."""
        while (end := true(self._arrived)) < 0:
            if self.over:
                raise Closed(f"after {self._arrived!r:.300}")
            await self._news()
        data, self._arrived = self._arrived[:end], self._arrived[end:]
        return data

    async def line(self) -> bytes:
        """Return a line without its end."""

        def end(data: bytes) -> int:
            found = data.find(CRLF)
            return found if found < 0 else found + 2

        return (await self.until(end))[:-2]

    async def exactly(self, size: int) -> bytes:
        """Return so many bytes."""
        return await self.until(lambda data: size if len(data) >= size else -1)

    async def ended(self) -> None:
        """Wait for the other end to close."""
        while not self.over:
            await self._news()

    # -- HTTP ----------------------------------------------------------------------

    async def head(self) -> Head:
        """Read the head of an answer."""
        version, status, *_ = (await self.line()).decode("ascii").split(" ")
        if version != "HTTP/1.1":
            raise AssertionError(f"an answer of {version}")
        headers: dict[str, str] = {}
        while line := await self.line():
            name, _, value = line.decode("latin-1").partition(":")
            if name.lower() in headers:
                raise AssertionError(f"two headers {name}")
            headers[name.lower()] = value.strip()
        return Head(int(status), headers)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Read a body that comes in chunks, one after the other."""
        while size := int(await self.line(), 16):
            yield await self.exactly(size)
            if await self.exactly(2) != CRLF:
                raise AssertionError("a chunk without its end")
        if await self.line():
            raise AssertionError("a trailer")

    async def body(self, head: Head) -> bytes:
        """Read the body of an answer to its end."""
        if head.headers.get("transfer-encoding") == "chunked":
            return b"".join([chunk async for chunk in self.chunks()])
        if head.status in {202, 204} and "content-length" not in head.headers:
            return b""
        return await self.exactly(int(head.headers["content-length"]))

    async def events(self) -> AsyncIterator[ServerEvent]:
        """Read a chunked event stream, event by event, to its end."""
        reader = EventReader()
        async for chunk in self.chunks():
            for event in reader.feed(chunk):
                yield event

    async def send(self, request: bytes) -> Head:
        """Send a request; read the head of its answer."""
        self.write(request)
        return await self.head()

    async def ask(self, request: bytes) -> Reply:
        """Send a request; read its whole answer."""
        head = await self.send(request)
        return Reply(head, await self.body(head))


def request(
    method: str, target: str, headers: Mapping[str, str], body: bytes | None = None
) -> bytes:
    """Write a request. A body gets its length, unless the caller says how it ends."""
    whole = {"Host": "localhost", **headers}
    if body is not None and "Transfer-Encoding" not in whole:
        whole.setdefault("Content-Length", str(len(body)))
    lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in whole.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


async def connect(port: int) -> Connection:
    """Open a connection to a port of this machine."""
    endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    connection: Connection = await connectProtocol(endpoint, Connection())
    return connection
