"""Limits on what the upstream may send over a connection, whatever its form.

twisted.web bounds the length of one header line, the trailers and the line in front of
each chunk. It bounds neither the number of header lines nor of interim (1xx) replies,
nor what chunk extensions and empty compressed blocks add to a body: the limits here
count the bytes as they arrive, before they are parsed and whatever they are.

They also decide whether a connection may serve another request. Bytes behind the end of
a reply belong to no request: the next caller would read them as its own reply.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, ITCPTransport
from twisted.logger import Logger, LogPublisher
from twisted.python.failure import Failure
from twisted.web._newclient import HTTPClientParser
from twisted.web.client import (  # type: ignore[attr-defined]
    HTTP11ClientProtocol,
    HTTPConnectionPool,
    Request,
    _HTTP11ClientFactory,
)
from twisted.web.iweb import IResponse

MAX_HEAD_BYTES = 65_536
"""Status line, headers and all interim replies together. (h11 allows 16 kB.)"""

MAX_REPLY_BYTES = 20_000_000
"""One reply on the wire, with its chunk framing: twice what its decoded body may be."""

_SLICE_BYTES = 4096
"""A head is parsed in pieces: each line copies the rest of what is buffered."""

_UNHEARD = Logger(observer=LogPublisher())
"""Writes nothing. twisted.web logs each interim reply, and there may be thousands."""


class HeadTooLarge(Exception):
    """The head of a reply is above `MAX_HEAD_BYTES`."""


class WireTooLarge(Exception):
    """A reply is above `MAX_REPLY_BYTES` on the wire."""


class MalformedReply(Exception):
    """What the upstream sent is not HTTP. The text is constant: it quotes nothing."""


class BoundedProtocol(HTTP11ClientProtocol):
    """One connection to the upstream, closed as soon as a reply breaks a limit.

    The request then fails with ``ResponseFailed``, whose first reason is one of the
    three exceptions above.
    """

    _arrived = 0
    _in_head = True
    _behind = b""

    def connectionMade(self) -> None:
        """Make every way of closing this connection an abrupt one.

        An upstream that reads nothing would otherwise keep it: closing waits until
        what was written is sent. (`tls.HandshakenEndpoint` does the same for TLS.)
        """
        super().connectionMade()
        transport = self.transport
        if ITCPTransport.providedBy(transport):
            transport.loseConnection = (  # type: ignore[method-assign]
                transport.abortConnection
            )

    def request(self, request: Request) -> Deferred[IResponse]:
        """Send one request, as the base class does; its reply is counted from 0."""
        self._arrived = 0
        self._in_head = True
        answer: Deferred[IResponse] = super().request(request)
        parser = self._parser
        if parser is not None:
            # One line may be as long as all of them: one limit, one error.
            parser.MAX_LENGTH = MAX_HEAD_BYTES
            parser._log = _UNHEARD
        return answer

    def dataReceived(self, data: bytes) -> None:
        """Count what arrives, then have it parsed."""
        if self._parser is None:
            # Nothing was asked. What comes now must not answer the next request.
            if self._state == "QUIESCENT":
                self.abort()
            return
        try:
            if self._in_head:
                data = self._head(data)
            parser = self._parser
            if data and parser is not None:
                self._arrived += len(data)
                if self._arrived > MAX_REPLY_BYTES:
                    raise WireTooLarge
                parser.dataReceived(data)
        except (HeadTooLarge, WireTooLarge):
            self._giveUp(Failure())
        except Exception:
            what = "malformed headers" if self._in_head else "a malformed body"
            self._giveUp(Failure(MalformedReply(what)))

    def _head(self, data: bytes) -> bytes:
        """Parse what belongs to the head, in pieces; return what is left."""
        while data and self._in_head and (parser := self._parser) is not None:
            piece, self._behind = data[:_SLICE_BYTES], data[_SLICE_BYTES:]
            self._arrived += len(piece)
            parser.dataReceived(piece)
            data, self._behind = self._behind, b""
            after = self._parser
            self._in_head = after is not None and after.state in {"STATUS", "HEADER"}
            if self._in_head and self._arrived > MAX_HEAD_BYTES:
                raise HeadTooLarge
        return data

    def _finishResponse(self, rest: bytes) -> None:
        """Keep the connection only if the next reply certainly begins after this one.

        RFC 9112 section 6.3: what follows a complete reply must not be taken for
        another one.
        """
        parser, request = self._parser, self._currentRequest
        # Neither is there any more when the end of the connection ended the reply.
        if request is not None and parser is not None:
            surplus = bool(rest or self._behind)
            request.persistent = not surplus and _may_stay_open(parser)
        super()._finishResponse(rest)


def _may_stay_open(parser: HTTPClientParser) -> bool:
    """Say whether the upstream keeps the connection, and its length was no riddle."""
    headers = parser.connHeaders
    if headers.hasHeader(b"transfer-encoding") and headers.hasHeader(b"content-length"):
        return False
    options = b",".join(headers.getRawHeaders(b"connection", ())).lower()
    if parser.response.version[1:] < (1, 1):
        return b"keep-alive" in options
    return b"close" not in options


class _BoundedFactory(_HTTP11ClientFactory):
    """Makes the connections of a pool."""

    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> BoundedProtocol:
        return BoundedProtocol(self._quiescentCallback)


class BoundedPool(HTTPConnectionPool):
    """A pool whose connections hold the limits of this module."""

    _factory = _BoundedFactory
