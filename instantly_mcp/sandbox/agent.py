"""An `IAgent` that reaches the sandbox within the process, without a socket.

treq can use it in place of ``twisted.web.client.Agent``: it supports headers, streamed
response bodies, cancellation that the server notices, and lost connections. It keeps
no reference to a request that has ended; treq's ``RequestTraversalAgent`` keeps all.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from attrs import define, field
from twisted.internet.address import IPv4Address
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IConsumer, IProtocol, IReactorTime
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone, ResponseFailed, ResponseNeverReceived
from twisted.web.http import RESPONSES
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IBodyProducer, IClientRequest, IResponse
from twisted.web.server import Request, Site
from zope.interface import implementer

from .._deferred import deferred
from .app import web_resource
from .workspaces import Sandbox

_LOOPBACK = IPv4Address("TCP", "127.0.0.1", 0)


@implementer(IAgent)
@define(eq=False)
class SandboxAgent:
    """Sends every request to the sandbox, whatever its host."""

    sandbox: Sandbox
    clock: IReactorTime
    _site: Site = field(init=False)

    @_site.default
    def _make_site(self) -> Site:
        return Site(web_resource(self.sandbox), reactor=self.clock)

    @deferred
    async def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,
    ) -> IResponse:
        """Send a request; the Deferred fires with the head of the response."""
        sent = _ClientRequest(method, uri, headers or Headers())
        body = b""
        if bodyProducer is not None:
            body = await _read(bodyProducer)
        return await _Connection(self._site).send(sent, body)


@implementer(IClientRequest)
@define(eq=False)
class _ClientRequest:
    """The request that a response refers to."""

    method: bytes
    absoluteURI: bytes
    headers: Headers


@implementer(IConsumer)
@define(eq=False)
class _BodyCollector:
    """Collects the body that a producer writes."""

    parts: list[bytes] = field(init=False, factory=list)

    def registerProducer(self, producer: object, streaming: bool) -> None:
        """Accept the producer. It is never paused, because all parts are kept."""

    def unregisterProducer(self) -> None:
        """Do nothing."""

    def write(self, data: bytes) -> None:
        """Append a part."""
        self.parts.append(data)


async def _read(producer: IBodyProducer) -> bytes:
    gathered = _BodyCollector()
    try:
        await producer.startProducing(gathered)
    except CancelledError:
        producer.stopProducing()
        raise
    return b"".join(gathered.parts)


@define(eq=False)
class _Connection:
    """The connection of a single request, which ``Request`` uses as its channel."""

    site: Site
    transport: None = None
    _request: Request | None = field(init=False, default=None)
    _sent: _ClientRequest | None = field(init=False, default=None)
    _waiting: Deferred[IResponse] | None = field(init=False, default=None)
    _response: _Response | None = field(init=False, default=None)

    def send(self, sent: _ClientRequest, body: bytes) -> Deferred[IResponse]:
        """Pass the request to the site."""
        self._sent = sent
        waiting: Deferred[IResponse] = Deferred(self._cancel)
        self._waiting = waiting
        request = Request(self, parsePOSTFormSubmission=False)
        self._request = request
        request.requestHeaders = sent.headers.copy()
        parts = urlsplit(sent.absoluteURI)
        if not request.requestHeaders.hasHeader(b"host"):
            request.requestHeaders.setRawHeaders(b"host", [parts.netloc])
        request.gotLength(len(body))
        request.handleContentChunk(body)
        target = parts.path or b"/"
        if parts.query:
            target += b"?" + parts.query
        # HTTP/1.0, so that Request does not send a body without a length in chunks.
        request.requestReceived(sent.method, target, b"HTTP/1.0")
        return waiting

    def getPeer(self) -> IPv4Address:
        """Return a stand-in: there is no socket."""
        return _LOOPBACK

    def getHost(self) -> IPv4Address:
        """Return a stand-in: there is no socket."""
        return _LOOPBACK

    def isSecure(self) -> bool:
        """Return false: there is no TLS."""
        return False

    def writeHeaders(
        self, version: bytes, code: bytes, reason: bytes, headers: Headers
    ) -> None:
        """Fire the client's Deferred with the response."""
        waiting, self._waiting = self._waiting, None
        self._response = _Response(
            self, code=int(code), headers=headers.copy(), request=self._sent
        )
        if waiting is not None:
            waiting.callback(self._response)

    def write(self, data: bytes) -> None:
        """Pass on a part of the body."""
        if self._response is not None:
            self._response.receive(data)

    def writeSequence(self, parts: list[bytes]) -> None:
        """Pass on several parts of the body."""
        self.write(b"".join(parts))

    def registerProducer(self, producer: object, streaming: bool) -> None:
        """Accept the producer; the response keeps what was not read yet."""

    def unregisterProducer(self) -> None:
        """Do nothing."""

    def requestDone(self, request: Request) -> None:
        """End the response: the server has written all of it."""
        self._request = None
        response, self._response = self._response, None
        if response is not None:
            response.end(Failure(ResponseDone()))

    def loseConnection(self) -> None:
        """Close the connection, from either side, and fail what is incomplete."""
        request, self._request = self._request, None
        lost = Failure(ConnectionDone())
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.errback(Failure(ResponseNeverReceived([lost])))
        response, self._response = self._response, None
        if response is not None:
            response.end(Failure(ResponseFailed([lost], response)))
        if request is not None:
            request.connectionLost(lost)

    abortConnection = loseConnection

    def _cancel(self, waiting: Deferred[IResponse]) -> None:
        self._waiting = None
        self.loseConnection()
        waiting.errback(Failure(ResponseNeverReceived([Failure(CancelledError())])))


@implementer(IResponse)
@define(eq=False)
class _Response:
    """A response whose body is delivered once, as it arrives."""

    _connection: _Connection
    code: int = field(kw_only=True)
    headers: Headers = field(kw_only=True)
    request: IClientRequest | None = field(kw_only=True)
    version: tuple[bytes, int, int] = (b"HTTP", 1, 1)
    previousResponse: IResponse | None = None
    _kept: list[bytes] = field(init=False, factory=list)
    _ended: Failure | None = field(init=False, default=None)
    _reader: IProtocol | None = field(init=False, default=None)
    _delivered: bool = field(init=False, default=False)
    _paused: bool = field(init=False, default=False)

    @property
    def phrase(self) -> bytes:
        """The reason phrase of the status."""
        found: bytes = RESPONSES.get(self.code, b"")
        return found

    @property
    def length(self) -> int:
        """The length of the body according to its header, in bytes."""
        values = self.headers.getRawHeaders(b"content-length") or (b"0",)
        return int(values[-1])

    def setPreviousResponse(self, response: IResponse) -> None:
        """Store the response that redirected to this one."""
        self.previousResponse = response

    def deliverBody(self, protocol: IProtocol) -> None:
        """Deliver the body to a protocol, then the reason why it ended."""
        if self._delivered:
            raise RuntimeError("the body is already being delivered")
        self._delivered = True
        self._reader = protocol
        protocol.makeConnection(self)  # type: ignore[arg-type]
        self._flush()

    def receive(self, data: bytes) -> None:
        """Accept a part of the body from the connection."""
        self._kept.append(data)
        self._flush()

    def end(self, reason: Failure) -> None:
        """Accept the end of the body from the connection."""
        if self._ended is None:
            self._ended = reason
            self._flush()

    def pauseProducing(self) -> None:
        """Keep what arrives until the reader resumes."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Deliver what was kept, and go on."""
        self._paused = False
        self._flush()

    def loseConnection(self) -> None:
        """Close the connection: the reader does not want the rest."""
        self._paused = False
        self._connection.loseConnection()

    stopProducing = abortConnection = loseConnection

    def _flush(self) -> None:
        reader = self._reader
        while reader is not None and self._kept and not self._paused:
            reader.dataReceived(self._kept.pop(0))
            reader = self._reader
        if reader is not None and self._ended is not None and not self._kept:
            self._reader = None
            reader.connectionLost(self._ended)
