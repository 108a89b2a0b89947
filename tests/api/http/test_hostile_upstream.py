"""How much the client reads of an endless reply, over a real socket."""

from __future__ import annotations

from typing import ClassVar

from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer, IPushProducer, IReactorTCP
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from instantly_mcp.api.errors import Reason

from ..builders import LIST, granted
from ..faulty import FaultTestCase

MAX_CALLS = 60_000_000


@implementer(IPushProducer)
class Flood(Protocol):
    """Answers a request with a beginning, then one part again and again."""

    begin: ClassVar[bytes] = b"HTTP/1.1 200 OK\r\n"
    part: ClassVar[bytes] = b""

    def __init__(self, lost: Deferred[int]) -> None:
        self.lost = lost
        self.sent = 0

    def dataReceived(self, data: bytes) -> None:
        consumer = IConsumer(self.transport)
        consumer.write(self.begin)
        consumer.registerProducer(self, True)
        self.resumeProducing()

    def resumeProducing(self) -> None:
        """Send as long as the other side reads, up to a limit."""
        assert self.transport is not None
        self.flowing = True
        while self.flowing and self.sent < MAX_CALLS:
            self.transport.write(self.part * 1000)
            self.sent += len(self.part) * 1000

    def pauseProducing(self) -> None:
        self.flowing = False

    def stopProducing(self) -> None:
        self.flowing = False

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.flowing = False
        self.lost.callback(self.sent)


class HostileUpstreamTests(FaultTestCase):
    async def taken(self, flood: type[Flood]) -> tuple[int, object]:
        """How many bytes the upstream could send, and the result of the call."""
        lost: Deferred[int] = Deferred()
        factory = ServerFactory()
        factory.buildProtocol = lambda addr: flood(lost)  # type: ignore[method-assign]
        port = IReactorTCP(reactor).listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        address = port.getHost()
        assert isinstance(address, IPv4Address)
        client = self.client_to(f"http://127.0.0.1:{address.port}")
        error = await self.failing(client.execute(LIST, {}, granted()))
        return await lost, error.reason

    async def test_headers_without_end(self) -> None:
        """Of 60 MB of headers no more is taken than the sockets' buffers hold."""

        class Headers(Flood):
            part = b"X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"

        sent, reason = await self.taken(Headers)
        self.assertEqual(reason, Reason.UNEXPECTED_REPLY)
        self.assertLess(sent, MAX_CALLS / 2)

    async def test_body_without_end(self) -> None:
        """A body without end is dropped at the limit, and its connection closed."""

        class Body(Flood):
            begin = b"HTTP/1.1 200 OK\r\n\r\n"
            part = b" " * 100

        sent, reason = await self.taken(Body)
        self.assertEqual(reason, Reason.TOO_LARGE)
        self.assertLess(sent, MAX_CALLS / 2)
