"""Tests over real sockets on the loopback."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from instantly_mcp._deferred import deferred
from instantly_mcp.pipeline.exchange import Exchange
from instantly_mcp.pipeline.replies.channel import Channel, Event
from instantly_mcp.pipeline.replies.reply import EventStream, Reply, json_answer
from instantly_mcp.web.http.limits import WebLimits

from ..site import MemoryServer, parse, request


@implementer(IHalfCloseableProtocol)
class Client(Protocol):
    """A raw client that sends bytes and waits for bytes."""

    def __init__(self) -> None:
        self.received = b""
        self.lost: Deferred[None] = Deferred()
        self.ended: Deferred[bytes] = Deferred()
        self._wanted: tuple[bytes, Deferred[bytes]] | None = None

    def dataReceived(self, data: bytes) -> None:
        """Collect."""
        self.received += data
        if self._wanted is not None and self._wanted[0] in self.received:
            waiting, self._wanted = self._wanted[1], None
            waiting.callback(self.received)

    def readConnectionLost(self) -> None:
        """The server closed its side."""
        self.ended.callback(self.received)

    def writeConnectionLost(self) -> None:
        """We closed ours."""

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """It is over."""
        if not self.ended.called:
            self.ended.callback(self.received)
        self.lost.callback(None)

    def until(self, wanted: bytes) -> Deferred[bytes]:
        """Wait for these bytes."""
        waiting: Deferred[bytes] = Deferred()
        self._wanted = (wanted, waiting)
        self.dataReceived(b"")
        return waiting

    def half_close(self, data: bytes) -> None:
        """Send these bytes as the last."""
        transport: Any = self.transport
        transport.write(data)
        transport.loseWriteConnection()


class SocketTestCase(TestCase):
    def listen(self, limits: WebLimits | None = None) -> None:
        """Serve on a free port; deadlines pass only when the test says so."""
        self.clock = Clock()
        self.server = MemoryServer(self.clock, limits)
        real: Any = reactor
        self.port = real.listenTCP(0, self.server.site, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)

    @deferred
    async def connect(self) -> Client:
        """Connect a client that has left, and been noticed, when the test ends."""
        endpoint = HostnameEndpoint(reactor, "127.0.0.1", self.port.getHost().port)
        client = Client()
        await connectProtocol(endpoint, client)
        self.addCleanup(self.leave, client)
        return client

    def leave(self, client: Client) -> Deferred[None]:
        """Abort the client's connection and wait until the server notices."""
        client.transport.abortConnection()  # type: ignore[union-attr]
        return self.server.site.when_empty()


class RefusalTests(SocketTestCase):
    @deferred
    async def test_a_refusal_is_read_although_the_body_is_still_coming(self):
        """A client in the middle of a large body reads the 413, not a reset."""
        self.listen(WebLimits(body_bytes=1000))
        client = await self.connect()
        assert client.transport is not None
        client.transport.write(request("POST", "/mcp", {"Content-Length": "5000000"}))
        client.transport.write(b"x" * 5_000_000)
        response, rest = parse(await client.ended)
        self.assertEqual((response.status, rest), (413, b""))
        self.clock.advance(self.server.limits.linger_seconds)
        await client.lost

    @deferred
    async def test_smuggling_ends_the_connection(self):
        """Of an ambiguous request and one behind it, only the 400 comes back."""
        self.listen()
        client = await self.connect()
        assert client.transport is not None
        client.transport.write(
            b"POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nG" + request("GET", "/ping")
        )
        response, rest = parse(await client.ended)
        self.assertEqual((response.status, rest), (400, b""))
        self.assertEqual(self.server.pipeline.exchanges, [])

    @deferred
    async def test_slow_head(self):
        """Half a head is 408 when its deadline passes."""
        self.listen()
        client = await self.connect()
        assert client.transport is not None
        client.transport.write(request("GET", "/ping") + b"GET /pi")
        await client.until(b'"pong"')
        self.clock.advance(10)
        answers = await client.ended
        _, rest = parse(answers)
        self.assertEqual(parse(rest)[0].status, 408)


class StreamTests(SocketTestCase):
    @deferred
    async def test_events_arrive_as_they_are_sent(self):
        """An event is with the client before the next one is sent."""
        self.listen()
        channel = Channel()
        self.server.pipeline.reply = EventStream(channel=channel)
        client = await self.connect()
        assert client.transport is not None
        client.transport.write(request("GET", "/sse"))
        await client.until(b"\r\n\r\n")
        for number in range(3):
            data = b"event-%d" % number
            channel.send(Event(data=data))
            await client.until(data)
        self.server.streams.keep_alive()
        await client.until(b": \n\n")
        channel.close()
        received = await client.until(b"\r\n0\r\n\r\n")
        self.assertEqual(parse(received)[0].body.count(b"data: "), 3)

    @deferred
    async def test_a_client_that_never_reads(self):
        """Events wait up to the limit, then the connection is aborted."""
        self.listen(WebLimits(backlog_bytes=200_000))
        channel = Channel()
        self.server.pipeline.reply = EventStream(channel=channel)
        client = await self.connect()
        transport: Any = client.transport
        transport.write(request("GET", "/sse"))
        await client.until(b"\r\n\r\n")
        transport.pauseProducing()
        gone: Deferred[None] = Deferred()
        channel.when_closed(lambda: gone.callback(None))
        real: Any = reactor
        sent = 0

        def pour() -> None:
            nonlocal sent
            for _ in range(10):
                channel.send(Event(data=b"x" * 10_000))
                sent += 1
            if channel.is_open:
                real.callLater(0, pour)

        pour()
        await gone
        self.assertGreater(sent, 20)
        self.assertEqual(self.server.streams.count, 0)

    @deferred
    async def test_a_slow_reader_gets_everything(self):
        """A client that stops reading for a while misses nothing."""
        self.listen(WebLimits(backlog_bytes=50_000_000))
        channel = Channel()
        self.server.pipeline.reply = EventStream(channel=channel)
        client = await self.connect()
        transport: Any = client.transport
        transport.write(request("GET", "/sse"))
        await client.until(b"\r\n\r\n")
        transport.pauseProducing()
        for _ in range(200):
            channel.send(Event(data=b"x" * 10_000))
        channel.close()
        transport.resumeProducing()
        received = await client.until(b"\r\n0\r\n\r\n")
        self.assertEqual(parse(received)[0].body.count(b"data: "), 200)

    @deferred
    async def test_disconnect(self):
        """A client that closes its socket cancels its call."""
        self.listen()
        cancelled: Deferred[None] = Deferred()
        asked: Deferred[None] = Deferred()

        def run(exchange: Exchange) -> Deferred[Reply]:
            asked.callback(None)
            return Deferred(lambda _: cancelled.callback(None))

        self.server.pipeline.reply = run
        client = await self.connect()
        transport: Any = client.transport
        transport.write(request("POST", "/mcp"))
        await asked
        transport.abortConnection()
        await cancelled
        await self.server.site.when_empty()


class HalfClosedTests(SocketTestCase):
    """A client that says early that it will send nothing more."""

    @deferred
    async def test_the_answer_is_read_all_the_same(self):
        """A client that closes its side after the request gets the answer."""
        self.listen()
        for size in (0, 3_000_000):
            self.server.pipeline.reply = json_answer(200, "x" * size)
            client = await self.connect()
            client.half_close(request("POST", "/mcp"))
            (response, rest) = parse(await client.ended)
            self.assertEqual((response.json(), rest), ("x" * size, b""))

    @deferred
    async def test_what_is_not_answered_yet_is_cancelled(self):
        """The server cannot tell this from a client that left: its call ends."""
        self.listen()
        cancelled: Deferred[None] = Deferred()

        def call(exchange: Exchange) -> Deferred[Reply]:
            return Deferred(lambda _: cancelled.callback(None))

        self.server.pipeline.reply = call
        client = await self.connect()
        client.half_close(request("POST", "/mcp"))
        await cancelled
        await self.server.site.when_empty()

    @deferred
    async def test_half_a_request(self):
        """A request that will never be whole ends its connection at once."""
        self.listen()
        whole = request("POST", "/mcp", body=b"{}")
        for part in (b"", whole[:20], whole[:-1]):
            client = await self.connect()
            client.half_close(part)
            self.assertEqual(await client.ended, b"")
        await self.server.site.when_empty()


class ShutdownTests(SocketTestCase):
    @deferred
    async def test_nothing_hangs(self):
        """Draining and ending streams closes every connection; no timer is left."""
        self.listen()
        channel = Channel()
        self.server.pipeline.reply = EventStream(channel=channel)
        idle, streaming = await self.connect(), await self.connect()
        assert idle.transport is not None
        assert streaming.transport is not None
        idle.transport.write(request("GET", "/ping"))
        streaming.transport.write(request("GET", "/sse"))
        await idle.until(b'"pong"')
        await streaming.until(b"\r\n\r\n")
        channel.send(Event(data=b"last"))
        self.server.site.drain()
        self.server.streams.end_all()
        gone = self.server.site.when_empty()
        received = await streaming.ended
        self.clock.advance(self.server.site.limits.last_request_seconds)
        await gone
        self.assertTrue(received.endswith(b"data: last\n\n\r\n0\r\n\r\n"), received)
        self.assertEqual(self.clock.getDelayedCalls(), [])
