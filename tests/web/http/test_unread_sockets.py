"""Tests of unread answers over real sockets: TCP, TLS and UNIX."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import (
    HostnameEndpoint,
    UNIXClientEndpoint,
    connectProtocol,
    wrapClientTLS,
)
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Protocol
from twisted.internet.ssl import CertificateOptions
from twisted.internet.task import Clock, deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from instantly_mcp._deferred import deferred
from instantly_mcp.pipeline.replies.reply import json_answer
from instantly_mcp.web.http.limits import WebLimits
from instantly_mcp.web.http.unread_answers import buffered, queued
from tests.support.certificates import certificate

from ..site import MemoryServer, request

REAL: Any = reactor
ANSWER_BYTES = 400_000
REQUESTS = 60
POST = request("POST", "/mcp", body=b'{"id":1}')


class Reader(Protocol):
    """A client that counts what it reads, once it does."""

    def __init__(self) -> None:
        self.answers = 0
        self.size = 0
        self.lost: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        """Count."""
        self.size += len(data)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """It is over."""
        self.lost.callback(None)


class UnreadTestCase(TestCase):
    """Serves answers larger than what a transport buffers."""

    def setUp(self) -> None:
        """Deadlines pass only when the test says so."""
        self.clock = Clock()
        self.server = MemoryServer(self.clock, WebLimits())
        self.server.pipeline.reply = json_answer(200, "x" * ANSWER_BYTES)

    @property
    def answered(self) -> int:
        """How many requests the pipeline was given."""
        return len(self.server.pipeline.exchanges)

    async def until(self, true: Callable[[], object]) -> None:
        """Look again and again, until something is true."""
        while not true():
            await deferLater(reactor, 0.01)

    async def silent(self, endpoint: IStreamClientEndpoint) -> Reader:
        """Connect a client that pipelines requests, and reads nothing."""
        client = Reader()
        await connectProtocol(endpoint, client)
        self.addCleanup(self.leave, client)
        transport: Any = client.transport
        transport.write(POST)
        await self.until(lambda: client.size)
        transport.pauseProducing()
        transport.write(POST * (REQUESTS - 1))
        await self.until(lambda: self.server.site.unread_answers.held_bytes)
        return client

    def leave(self, client: Reader) -> Deferred[None]:
        """Abort the client's connection and wait until the server notices."""
        if not client.lost.called:
            client.transport.abortConnection()  # type: ignore[union-attr]
        return self.server.site.when_empty()

    async def check(self, endpoint: IStreamClientEndpoint) -> None:
        """Hold one unread answer only; send the rest once the client reads."""
        client = await self.silent(endpoint)
        unread = self.server.site.unread_answers
        await self.settled()
        self.assertLess(self.answered, REQUESTS)
        self.assertLess(unread.held_bytes, ANSWER_BYTES + 200_000)
        self.assertLess(self.queued(), 1_000_000)
        transport: Any = client.transport
        transport.resumeProducing()
        await self.until(lambda: client.size > REQUESTS * ANSWER_BYTES)
        self.assertEqual(self.answered, REQUESTS)
        await self.until(lambda: not len(unread))
        await self.leave(client)

        other = await self.silent(endpoint)
        await self.settled()
        for _ in range(6):
            self.clock.advance(15)
        await self.until(lambda: not len(unread))
        transport = other.transport
        transport.resumeProducing()
        await other.lost
        self.assertLess(other.size, REQUESTS * ANSWER_BYTES)

    async def settled(self) -> None:
        """Wait until the kernel takes nothing more of what was written."""
        before = None
        while before != (before := self._buffers()):
            await deferLater(reactor, 0.2)

    def queued(self) -> int:
        """Return how many bytes the kernel holds for the client."""
        return sum(queued(each.transport) for each in self.server.site._channels)

    def _buffers(self) -> list[tuple[int, int]]:
        return [buffered(each.transport) for each in self.server.site._channels]


class TransportTests(UnreadTestCase):
    @deferred
    async def test_tcp(self):
        """TCP."""
        port = REAL.listenTCP(0, self.server.site, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        await self.check(HostnameEndpoint(reactor, "127.0.0.1", port.getHost().port))

    @deferred
    async def test_unix(self):
        """A UNIX socket."""
        folder = Path(self.mktemp())
        folder.mkdir()
        path = os.path.relpath(folder / "s")
        port = REAL.listenUNIX(path, self.server.site)
        self.addCleanup(port.stopListening)
        await self.check(UNIXClientEndpoint(reactor, path))

    @deferred
    async def test_tls(self):
        """TLS: what is held is below it."""
        context = certificate().options()
        port = REAL.listenSSL(0, self.server.site, context, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        endpoint = HostnameEndpoint(reactor, "127.0.0.1", port.getHost().port)
        anyone = CertificateOptions(verify=False)
        await self.check(wrapClientTLS(anyone, endpoint))
