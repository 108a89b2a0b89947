"""An upstream whose TLS is not trusted gets no request; the error says why."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    PrivateCertificate,
    TLSVersion,
)
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import TestCase
from twisted.web.client import BrowserLikePolicyForHTTPS

from instantly_mcp.api.client import InstantlyClient
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.http.connection import connect_to
from instantly_mcp.api.upstream import Upstream
from tests.support.certificates import certificate
from tests.support.fault_proxy import Fault, FaultProxy, Plan
from tests.support.upstream import Scripted, ScriptedUpstream, json

from .. import builders
from ..builders import CREATE, LIST, granted


class TlsTests(TestCase):
    def setUp(self) -> None:
        self.clock = Clock()

    def client_to(
        self,
        shown: PrivateCertificate,
        trusted: bool,
        proxied: bool = False,
        options: CertificateOptions | None = None,
    ) -> InstantlyClient:
        """A client for an upstream with a certificate, trusted or not."""
        self.upstream = ScriptedUpstream()
        self.upstream.listen(reactor, tls=options or shown.options())
        self.addCleanup(self.upstream.close)
        url = self.upstream.url
        if proxied:
            self.proxy = FaultProxy(self.upstream.port, Plan(Fault.NONE))
            self.proxy.listen(reactor)
            self.addCleanup(self.proxy.close)
            url = self.proxy.url.replace("http:", "https:")
        # A public part alone is what a policy takes as its root of trust.
        root = Certificate.loadPEM(shown.dumpPEM()) if trusted else None
        policy = BrowserLikePolicyForHTTPS(trustRoot=root) if trusted else None
        connection = connect_to(Upstream.parse(url), reactor, policy)
        self.addCleanup(connection.close)
        return builders.client(connection.agent, url, self.clock)

    async def refusal(self, client: InstantlyClient) -> str:
        """The sentence with which a write over that client is refused."""
        call = client.execute(CREATE, {"name": "x"}, granted())
        error = await self.assertFailure(call, ApiError)
        self.assertEqual(error.reason, Reason.UNREACHABLE)
        self.assertIn("Nothing was sent", error.message)
        self.assertEqual(self.upstream.requests, [])
        self.assertEqual(self.clock.getDelayedCalls(), [])
        message: str = error.message
        return message

    async def test_self_signed(self) -> None:
        """A self-signed certificate is refused as such."""
        client = self.client_to(certificate(), trusted=False)
        self.assertIn("self-signed", await self.refusal(client))

    async def test_expired(self) -> None:
        """An expired certificate is refused as expired."""
        client = self.client_to(certificate(days=-1), trusted=True)
        self.assertIn("expired", await self.refusal(client))

    async def test_wrong_host(self) -> None:
        """A certificate for another address is refused as another host's."""
        client = self.client_to(certificate("127.0.0.9"), trusted=True)
        self.assertIn("another host", await self.refusal(client))

    async def test_old_tls(self) -> None:
        """An upstream that supports only TLS 1.1 or older is refused."""
        shown = certificate()
        options = CertificateOptions(
            privateKey=shown.privateKey.original,
            certificate=shown.original,
            insecurelyLowerMinimumTo=TLSVersion.TLSv1_0,
            lowerMaximumSecurityTo=TLSVersion.TLSv1_1,
        )
        client = self.client_to(shown, trusted=True, options=options)
        self.assertIn("protocol", await self.refusal(client))

    async def test_trusted(self) -> None:
        """A trusted upstream is called, again on the same connection."""
        client = self.client_to(certificate(), trusted=True)
        self.upstream.script.extend([json([1]), json([2])])
        self.assertEqual(await client.execute(LIST, {}, granted()), [1])
        self.assertEqual(await client.execute(LIST, {}, granted()), [2])
        self.assertEqual(self.upstream.connections.opened, 1)

    async def test_no_tls_at_all(self) -> None:
        """An upstream without TLS is refused before anything is sent."""
        factory: Any = Factory.forProtocol(_Plain)
        port: Any = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        url = f"https://127.0.0.1:{port.getHost().port}"
        connection = connect_to(Upstream.parse(url), reactor)
        self.addCleanup(connection.close)
        client = builders.client(connection.agent, url, self.clock)
        call = client.execute(CREATE, {"name": "x"}, granted())
        error = await self.assertFailure(call, ApiError)
        self.assertEqual(error.reason, Reason.UNREACHABLE)
        self.assertIn("Nothing was sent", error.message)

    async def test_cancelling_a_body_closes_the_connection(self) -> None:
        """Closing a connection does not wait for the upstream's TLS close."""
        client = self.client_to(certificate(), trusted=True, proxied=True)
        self.upstream.script.extend([json([1]), Scripted(body=b" " * 100_000)])
        await client.execute(LIST, {}, granted())
        self.proxy.plan = Plan(Fault.DRIP, after=5000)
        call = client.execute(LIST, {}, granted())
        while not self.proxy.drip_started:
            await deferLater(reactor, 0)
        call.cancel()
        self.failureResultOf(call, CancelledError)
        await self.proxy.closed.reach(1)


class _Plain(Protocol):
    """Answers a TLS hello with plain text and closes."""

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        self.transport.loseConnection()
