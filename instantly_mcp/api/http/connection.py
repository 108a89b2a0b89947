"""The connection to the upstream: its endpoint, its pool, one deadline to connect."""

from __future__ import annotations

from attrs import define
from twisted.internet.abstract import isIPAddress
from twisted.internet.defer import Deferred, fail
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    wrapClientTLS,
)
from twisted.internet.error import TimeoutError
from twisted.internet.interfaces import (
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.web.client import (  # type: ignore[attr-defined]
    BrowserLikePolicyForHTTPS,
    HostnameCachingHTTPSPolicy,
    HTTP11ClientProtocol,
    Request,
)
from twisted.web.error import SchemeNotSupported
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IBodyProducer, IPolicyForHTTPS, IResponse
from zope.interface import implementer

from ..pace.concurrency import MAX_SLOTS
from ..upstream import Upstream
from .bounded_reply import BoundedPool
from .names import ResolvingReactor
from .tls import HandshakenEndpoint, NamingCreator

CONNECT_SECONDS = 5.0
KEPT_CONNECTIONS = MAX_SLOTS
IDLE_SECONDS = 50
"""How long an idle connection is kept: less than the minute after which proxies
commonly close it."""


@define(eq=False)
class PooledAgent:
    """The agent for the upstream, and its pool of open connections."""

    agent: IAgent
    pool: BoundedPool

    def close(self) -> Deferred[None]:
        """Close the idle connections; fires when they are closed."""
        closed: Deferred[None] = self.pool.closeCachedConnections()
        return closed


def connect_to(
    upstream: Upstream,
    reactor: object,
    policy: IPolicyForHTTPS | None = None,
    connect_seconds: float = CONNECT_SECONDS,
) -> PooledAgent:
    """Create the agent for one upstream. It refuses every other origin.

    :param policy: decides about TLS certificates; ``None`` for the platform's trust.
    :param connect_seconds: deadline for name resolution, TCP and TLS together.
    """
    pool = BoundedPool(reactor, persistent=True)
    pool.maxPersistentPerHost = KEPT_CONNECTIONS
    pool.cachedConnectionTimeout = IDLE_SECONDS
    # `retry` decides what is sent again: the pool would repeat a DELETE too.
    pool.retryAutomatically = False
    endpoint = _endpoint(upstream, reactor, policy, connect_seconds)
    return PooledAgent(OriginAgent(upstream, endpoint, pool), pool)


def _endpoint(
    upstream: Upstream,
    reactor: object,
    policy: IPolicyForHTTPS | None,
    seconds: float,
) -> IStreamClientEndpoint:
    endpoint: IStreamClientEndpoint
    if isIPAddress(upstream.host):
        endpoint = TCP4ClientEndpoint(
            reactor, upstream.host, upstream.port, timeout=seconds
        )
    else:
        endpoint = HostnameEndpoint(
            ResolvingReactor(reactor), upstream.host, upstream.port, timeout=seconds
        )
    if upstream.secure:
        if policy is None:
            policy = HostnameCachingHTTPSPolicy(BrowserLikePolicyForHTTPS())
        host = upstream.host.encode("ascii")
        creator = NamingCreator(policy.creatorForNetloc(host, upstream.port))
        endpoint = HandshakenEndpoint(wrapClientTLS(creator, endpoint))
    return TimedEndpoint(endpoint, IReactorTime(reactor), seconds)


@implementer(IAgent)
class OriginAgent:
    """Sends requests to the one upstream; every other URL is refused.

    Cheaper than ``twisted.web.client.Agent``, which parses each URL, looks up its
    endpoint and formats the URL again.
    """

    def __init__(
        self,
        upstream: Upstream,
        endpoint: IStreamClientEndpoint,
        pool: BoundedPool,
    ) -> None:
        self._origin = b"%b://%b" % (upstream.scheme.encode(), upstream.authority)
        self._host = upstream.authority
        self._endpoint = endpoint
        self._pool = pool

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> Deferred[IResponse]:
        """Send a request. Fails with `SchemeNotSupported` for any other origin."""
        origin, target = uri[: len(self._origin)], uri[len(self._origin) :]
        if origin != self._origin or not target.startswith(b"/"):
            return fail(SchemeNotSupported("only the configured upstream is contacted"))
        headers = Headers() if headers is None else headers
        if not headers.hasHeader(b"Host"):
            headers = headers.copy()
            headers.addRawHeader(b"Host", self._host)
        request = Request(method, target, headers, bodyProducer, persistent=True)
        connected = self._pool.getConnection(self._origin, self._endpoint)
        return connected.addCallback(_send, request)


def _send(connection: HTTP11ClientProtocol, request: Request) -> Deferred[IResponse]:
    return connection.request(request)


@implementer(IStreamClientEndpoint)
@define(eq=False)
class TimedEndpoint:
    """An endpoint with one deadline for name resolution, TCP and TLS together."""

    _inner: IStreamClientEndpoint
    _clock: IReactorTime
    _seconds: float

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect, or fail with ``TimeoutError``."""
        attempt = self._inner.connect(protocolFactory)
        connecting = _Connecting(attempt)
        timer = self._clock.callLater(
            self._seconds, connecting.give_up, Failure(TimeoutError())
        )
        attempt.addBoth(connecting.settle)

        def stop(result: IProtocol | Failure) -> IProtocol | Failure:
            if timer.active():
                timer.cancel()
            return result

        return connecting.answer.addBoth(stop)


class _Connecting:
    """A connection attempt; if it succeeds after its deadline, it is closed."""

    def __init__(self, attempt: Deferred[IProtocol]) -> None:
        self._attempt = attempt
        self._left = False
        self.answer: Deferred[IProtocol] = Deferred(self._cancel)

    def give_up(self, reason: Failure) -> None:
        self._left = True
        self._attempt.cancel()
        self.answer.errback(reason)

    def settle(self, result: IProtocol | Failure) -> None:
        # Endpoints fail with various errors when they are cancelled. After a timeout
        # or a cancellation only its own reason is reported.
        if not self._left:
            self.answer.callback(result)
        elif isinstance(result, Protocol) and result.transport is not None:
            result.transport.loseConnection()

    def _cancel(self, answer: Deferred[IProtocol]) -> None:
        self._left = True
        self._attempt.cancel()
