"""Connecting: one deadline, one origin, and names when the resolver fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionRefusedError, DNSLookupError, TimeoutError
from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
    IReactorPluggableNameResolver,
    IResolutionReceiver,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.web.client import HTTP11ClientProtocol  # type: ignore[attr-defined]
from twisted.web.error import SchemeNotSupported
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent
from zope.interface import implementer
from zope.interface.verify import verifyObject

from instantly_mcp.api.http.bounded_reply import BoundedPool
from instantly_mcp.api.http.connection import OriginAgent, TimedEndpoint, connect_to
from instantly_mcp.api.http.names import LastGoodResolver, ResolvingReactor
from instantly_mcp.api.upstream import Upstream
from tests.support.cases import ClockedTestCase

V4 = IPv4Address("TCP", "192.0.2.7", 443)
V6 = IPv6Address("TCP", "2001:db8::7", 443)


@implementer(IStreamClientEndpoint)
class HeldEndpoint:
    """An endpoint whose connection comes when the test says so.

    Cancelling it gives the error that host name endpoints give.
    """

    def __init__(self) -> None:
        self.attempts: list[Deferred[Any]] = []

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        self.attempts.append(Deferred(lambda d: d.errback(DNSLookupError())))
        return self.attempts[-1]


@implementer(IStreamClientEndpoint)
class UnstoppableEndpoint:
    """An endpoint that answers its cancellation with a connection."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        return Deferred(lambda d: d.callback(self.protocol))


class TimedEndpointTests(ClockedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.inner = HeldEndpoint()
        self.endpoint = TimedEndpoint(self.inner, self.clock, 5.0)
        self.factory = Factory.forProtocol(Protocol)

    def test_provides_the_interface(self) -> None:
        """It is an endpoint."""
        verifyObject(IStreamClientEndpoint, self.endpoint)

    def test_connects(self) -> None:
        """A connection in time is passed on, and the timer is gone."""
        connecting = self.endpoint.connect(self.factory)
        self.clock.advance(4.9)
        protocol = Protocol()
        self.inner.attempts[0].callback(protocol)
        self.assertIs(self.successResultOf(connecting), protocol)

    def test_fails(self) -> None:
        """An error is passed on as it is."""
        connecting = self.endpoint.connect(self.factory)
        self.inner.attempts[0].errback(ConnectionRefusedError())
        self.failureResultOf(connecting, ConnectionRefusedError)

    def test_deadline(self) -> None:
        """After the deadline it is a timeout, whatever the cancellation gave."""
        connecting = self.endpoint.connect(self.factory)
        self.clock.advance(5)
        self.failureResultOf(connecting, TimeoutError)

    def test_cancelled(self) -> None:
        """Cancelling is a cancellation, never a connect error to be retried."""
        connecting = self.endpoint.connect(self.factory)
        connecting.cancel()
        self.failureResultOf(connecting, CancelledError)

    def test_late_connection_is_closed(self) -> None:
        """A connection that is established after the deadline is closed."""
        protocol = Protocol()
        transport = StringTransport()
        protocol.makeConnection(transport)
        endpoint = TimedEndpoint(UnstoppableEndpoint(protocol), self.clock, 5.0)
        connecting = endpoint.connect(self.factory)
        connecting.cancel()
        self.failureResultOf(connecting, CancelledError)
        self.assertTrue(transport.disconnecting)


class OriginAgentTests(ClockedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.endpoint = HeldEndpoint()
        pool = BoundedPool(self.clock, persistent=True)
        upstream = Upstream.parse("https://api.example.com:8443")
        self.agent = OriginAgent(upstream, self.endpoint, pool)

    def sent(self, url: bytes, headers: Headers | None = None) -> bytes:
        """Return what goes over the wire for a URL."""
        self.agent.request(b"GET", url, headers)
        protocol, transport = HTTP11ClientProtocol(), StringTransport()
        protocol.makeConnection(transport)
        self.endpoint.attempts[-1].callback(protocol)
        written: bytes = transport.value()
        return written

    def test_provides_the_interface(self) -> None:
        """It is an agent."""
        verifyObject(IAgent, self.agent)

    def test_one_endpoint(self) -> None:
        """The one endpoint serves every URL of the origin, target as it is."""
        for target in (b"/", b"/api/v2/x?y=z%20a"):
            sent = self.sent(b"https://api.example.com:8443" + target)
            first, *lines = sent.split(b"\r\n")
            self.assertEqual(first, b"GET %b HTTP/1.1" % target)
            self.assertIn(b"Host: api.example.com:8443", lines)
            self.assertNotIn(b"Connection: close", lines)

    def test_given_headers(self) -> None:
        """Headers are sent as given, and the caller's object is not changed."""
        given = Headers({b"X-Y": [b"z"]})
        self.assertIn(b"X-Y: z", self.sent(b"https://api.example.com:8443/", given))
        self.assertFalse(given.hasHeader(b"Host"))
        other = Headers({b"Host": [b"other"]})
        sent = self.sent(b"https://api.example.com:8443/", other)
        self.assertEqual(sent.count(b"Host: "), 1)

    def test_other_origins(self) -> None:
        """No other URL reaches the endpoint, however much it looks alike."""
        for other in (
            b"http://api.example.com:8443/",
            b"https://api.example.com/",
            b"https://api.example.com:84430/",
            b"https://api.example.com:8443",
            b"https://api.example.com:8443@evil.example/",
            b"https://api.example.com.evil:8443/",
            b"/api/v2/x",
        ):
            refused = self.agent.request(b"GET", other)
            self.failureResultOf(refused, SchemeNotSupported)
        self.assertEqual(self.endpoint.attempts, [])

    def test_invalid_request(self) -> None:
        """Neither a URL nor a method can smuggle a line into the request."""
        for method, target in ((b"GET", b"/x y\r\nZ: z"), (b"GET /\r\n", b"/")):
            url = b"https://api.example.com:8443" + target
            self.assertRaises(ValueError, self.agent.request, method, url)

    def test_pool(self) -> None:
        """The pool keeps 256 connections and never resends by itself."""
        pool = connect_to(
            Upstream.parse("http://127.0.0.1:1"), MemoryReactorClock()
        ).pool
        self.assertEqual(pool.maxPersistentPerHost, 256)
        self.assertFalse(pool.retryAutomatically)
        self.assertTrue(pool.persistent)


@implementer(IHostResolution)
class Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Resolving cannot be stopped."""


@implementer(IHostnameResolver)
class HeldResolver:
    """A resolver that answers when the test says so."""

    def __init__(self) -> None:
        self.asked: list[IResolutionReceiver] = []

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        self.asked.append(resolutionReceiver)
        resolution = Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        return resolution

    def answer(self, *addresses: IAddress) -> None:
        receiver = self.asked.pop()
        for address in addresses:
            receiver.addressResolved(address)
        receiver.resolutionComplete()


@implementer(IResolutionReceiver)
class Heard:
    """Records the addresses that a resolver returns, and how often it completes."""

    def __init__(self) -> None:
        self.addresses: list[IAddress] = []
        self.completed = 0

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        """Nothing to note."""

    def addressResolved(self, address: IAddress) -> None:
        self.addresses.append(address)

    def resolutionComplete(self) -> None:
        self.completed += 1


class ResolverTests(ClockedTestCase):
    """DNS fails, is slow, or knows only IPv6."""

    def setUp(self) -> None:
        super().setUp()
        self.inner = HeldResolver()
        self.resolver = LastGoodResolver(self.inner, self.clock)

    def ask(self) -> Heard:
        heard = Heard()
        self.resolver.resolveHostName(heard, "api.example.com", 443)
        return heard

    def test_provides_the_interface(self) -> None:
        """It is a resolver."""
        verifyObject(IHostnameResolver, self.resolver)

    def test_fresh_answer(self) -> None:
        """A fresh answer is passed on, IPv6 as well as IPv4."""
        heard = self.ask()
        self.inner.answer(V6, V4)
        self.assertEqual((heard.addresses, heard.completed), ([V6, V4], 1))

    def test_failure_without_a_last_answer(self) -> None:
        """A failure with nothing to fall back on is a failure."""
        heard = self.ask()
        self.inner.answer()
        self.assertEqual((heard.addresses, heard.completed), ([], 1))

    def test_failure_with_a_last_answer(self) -> None:
        """After a good answer a failure gives the last good one."""
        self.ask()
        self.inner.answer(V4)
        heard = self.ask()
        self.inner.answer()
        self.assertEqual((heard.addresses, heard.completed), ([V4], 1))

    def test_slow_with_a_last_answer(self) -> None:
        """A slow resolver is not waited for when there is a last good answer."""
        self.ask()
        self.inner.answer(V4)
        heard = self.ask()
        self.clock.advance(1.9)
        self.assertEqual(heard.completed, 0)
        self.clock.advance(0.2)
        self.assertEqual((heard.addresses, heard.completed), ([V4], 1))
        self.inner.answer(V6)
        self.assertEqual((heard.addresses, heard.completed), ([V4], 1))
        self.assertEqual(list(self.resolver.last("api.example.com")), [V6])

    def test_slow_without_a_last_answer(self) -> None:
        """The deadline for connecting ends a lookup that never ends."""
        reactor = ResolvingMemoryReactor(self.inner)
        upstream = Upstream.parse("http://api.example.com")
        asked = connect_to(upstream, reactor).agent.request(
            b"GET", b"http://api.example.com/"
        )
        reactor.advance(5)
        self.failureResultOf(asked, TimeoutError)

    def test_only_ipv6(self) -> None:
        """A name with an IPv6 address alone is connected to over IPv6."""
        reactor = ResolvingMemoryReactor(self.inner)
        upstream = Upstream.parse("http://api.example.com")
        asked = connect_to(upstream, reactor).agent.request(
            b"GET", b"http://api.example.com/"
        )
        self.inner.answer(V6)
        (host, _, _, _, _) = reactor.tcpClients[0]
        self.assertEqual(host, V6.host)
        asked.cancel()
        self.failureResultOf(asked, CancelledError)


@implementer(IReactorPluggableNameResolver)
class ResolvingMemoryReactor(MemoryReactorClock):
    """A reactor in memory whose names the test resolves."""

    def __init__(self, resolver: IHostnameResolver) -> None:
        super().__init__()
        self.nameResolver = resolver

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:
        previous, self.nameResolver = self.nameResolver, resolver
        return previous


class ResolvingReactorTests(ClockedTestCase):
    def test_is_a_reactor_with_names(self) -> None:
        """It has what a host name endpoint needs, and lets the resolver be replaced."""
        reactor = ResolvingReactor(ResolvingMemoryReactor(HeldResolver()))
        verifyObject(IReactorPluggableNameResolver, reactor)
        other = HeldResolver()
        reactor.installNameResolver(other)
        self.assertIs(reactor.nameResolver, other)
        self.assertEqual(reactor.seconds(), Clock().seconds())


class UpstreamTests(ClockedTestCase):
    def test_parses(self) -> None:
        """A base URL gives origin and authority; the API's own prefix is taken off."""
        for url, base, authority in (
            (
                "https://api.instantly.ai",
                "https://api.instantly.ai",
                b"api.instantly.ai",
            ),
            ("https://API.instantly.ai/api/v2/", "https://api.instantly.ai", None),
            ("http://127.0.0.1:81/x/", "http://127.0.0.1:81/x", b"127.0.0.1:81"),
            ("http://[::1]:81", "http://[::1]:81", b"[::1]:81"),
            ("https://b\u00fccher.example", "https://xn--bcher-kva.example", None),
        ):
            upstream = Upstream.parse(url)
            self.assertEqual(upstream.base, base)
            if authority is not None:
                self.assertEqual(upstream.authority, authority)

    def test_refuses(self) -> None:
        """Anything else than a plain base URL is refused."""
        for url in (
            "",
            "api.instantly.ai",
            "ftp://x",
            "https://",
            "https://user:pw@x",
            "https://x/?a=b",
            "https://x/#f",
            "https://x:99999",
        ):
            with self.assertRaises(ValueError):
                Upstream.parse(url)
