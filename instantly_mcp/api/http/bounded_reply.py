"""Limits on the bytes that the upstream may send over one connection.

twisted.web limits the length of one header line, of the trailers and of each chunk-size
line. It does not limit the number of header lines, the number of interim (1xx) replies,
chunk extensions, or empty compressed blocks. The limits here count every byte as it
arrives, before it is parsed.

This module also decides whether a connection may be used for another request. Bytes
after the end of a reply belong to no request: if the connection were used again, the
next caller would read them as its own reply.
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
"""Limit for status line, headers and all interim replies. (h11 allows 16 kB.)"""

MAX_WIRE_BYTES = 20_000_000
"""Limit for one reply on the wire, chunk framing included: twice the limit of the
decoded body."""

_SLICE_BYTES = 4096
"""Size of the pieces in which a head is parsed. The parser copies the rest of its
buffer for each line, so one large piece would take quadratic time."""

_SILENT_LOG = Logger(observer=LogPublisher())
"""Discards everything. twisted.web logs each interim reply; there may be thousands."""


class HeadTooLarge(Exception):
    """The head of a reply is above `MAX_HEAD_BYTES`."""


class WireTooLarge(Exception):
    """A reply is above `MAX_WIRE_BYTES` on the wire."""


class MalformedReply(Exception):
    """The reply is not HTTP. The exception's text is constant: it quotes nothing."""


class BoundedProtocol(HTTP11ClientProtocol):
    """One connection to the upstream, which is closed when a reply exceeds a limit.

    The request then fails with ``ResponseFailed``, whose first reason is
    `HeadTooLarge`, `WireTooLarge` or `MalformedReply`.
    """

    _arrived = 0
    _in_head = True
    _behind = b""

    def connectionMade(self) -> None:
        """Make ``loseConnection`` abort the connection.

        Normally it waits until everything written is sent, so an upstream that reads
        nothing would keep the connection. (`tls.HandshakenEndpoint` does the same for
        TLS.)
        """
        super().connectionMade()
        transport = self.transport
        if ITCPTransport.providedBy(transport):
            transport.loseConnection = (  # type: ignore[method-assign]
                transport.abortConnection
            )

    def request(self, request: Request) -> Deferred[IResponse]:
        """Send one request as the base class does, and reset the byte count."""
        self._arrived = 0
        self._in_head = True
        answer: Deferred[IResponse] = super().request(request)
        parser = self._parser
        if parser is not None:
            # The limit of one line is that of the whole head, so that both cases
            # raise the same error.
            parser.MAX_LENGTH = MAX_HEAD_BYTES
            parser._log = _SILENT_LOG
        return answer

    def dataReceived(self, data: bytes) -> None:
        """Count the bytes, then parse them."""
        if self._parser is None:
            # No request is open. These bytes must not answer the next request.
            if self._state == "QUIESCENT":
                self.abort()
            return
        try:
            if self._in_head:
                data = self._head(data)
            parser = self._parser
            if data and parser is not None:
                self._arrived += len(data)
                if self._arrived > MAX_WIRE_BYTES:
                    raise WireTooLarge
                parser.dataReceived(data)
        except (HeadTooLarge, WireTooLarge):
            self._giveUp(Failure())
        except Exception:
            what = "malformed headers" if self._in_head else "a malformed body"
            self._giveUp(Failure(MalformedReply(what)))

    def _head(self, data: bytes) -> bytes:
        """Parse the head in pieces; return the bytes that follow it."""
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
        """Keep the connection only if nothing was received after the reply.

        RFC 9112 section 6.3: bytes after a complete reply must not be read as another
        reply.
        """
        parser, request = self._parser, self._currentRequest
        # Both are None when the end of the connection ended the reply.
        if request is not None and parser is not None:
            surplus = bool(rest or self._behind)
            request.persistent = not surplus and _may_stay_open(parser)
        super()._finishResponse(rest)


def _may_stay_open(parser: HTTPClientParser) -> bool:
    """Say whether the upstream keeps the connection open.

    A reply with both Transfer-Encoding and Content-Length closes it: proxies disagree
    about its length (RFC 9112 section 6.1).
    """
    headers = parser.connHeaders
    if headers.hasHeader(b"transfer-encoding") and headers.hasHeader(b"content-length"):
        return False
    options = b",".join(headers.getRawHeaders(b"connection", ())).lower()
    if parser.response.version[1:] < (1, 1):
        return b"keep-alive" in options
    return b"close" not in options


class _BoundedFactory(_HTTP11ClientFactory):
    """Creates the connections of `BoundedPool`."""

    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> BoundedProtocol:
        return BoundedProtocol(self._quiescentCallback)


class BoundedPool(HTTPConnectionPool):
    """A connection pool whose connections enforce the limits of this module."""

    _factory = _BoundedFactory
