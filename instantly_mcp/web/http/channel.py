"""The reading half of an HTTP/1.1 connection: heads, bodies, and their deadlines.

The theory of the layer is in the docstring of the package.
"""

# Most of twisted.web's HTTPChannel is not annotated.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol
from twisted.python.failure import Failure
from twisted.web.http import _IdentityTransferDecoder
from zope.interface import implementer

from .channel_writer import WritingChannel
from .chunked import ChunkDecoder
from .phase import ConnectionPhase
from .refusals import body_too_large, malformed, too_busy, too_slow
from .request import McpRequest
from .request_head import BadHead, Head, hopeless, oversized, parse_head, without_prefix
from .unread_answers import limit_kernel_queue

if TYPE_CHECKING:
    from .site import McpSite

_PROBES = frozenset(("/health", "/healthz", "/ready", "/readyz", "/ping"))


@implementer(IHalfCloseableProtocol)
class McpChannel(WritingChannel):
    """Reads requests from one connection, one after the other.

    :param site: the factory, with the limits of all connections.
    :param crowded: the limit of connections is reached: only probes are answered.
    """

    timeOut = None
    _reads = True

    def __init__(self, site: McpSite, crowded: bool) -> None:
        super().__init__(site)
        self.crowded = crowded
        self._parsing = False
        self._peer: IAddress | None = None
        self._host: IAddress | None = None
        # Set here so that instances share their attribute names: see `McpRequest`.
        self._requestProducer = self._requestProducerStreaming = None

    # -- the connection ------------------------------------------------------------

    def connectionMade(self) -> None:
        """Start waiting for a request."""
        super().connectionMade()
        self.site.connected(self)
        if self.ending:
            return
        limits = self.site.limits
        limit_kernel_queue(self.transport, limits.unsent_in_kernel_bytes)
        self._deadline.within(
            limits.crowded_head_seconds if self.crowded else limits.head_seconds
        )

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """Release what the connection holds."""
        self.phase = ConnectionPhase.ENDING
        self._deadline.stop()
        super().connectionLost(reason)
        for request in self.requests:
            self.site.release_body(request)
        self.site.unread_answers.release(self)
        self.site.disconnected(self)

    def readConnectionLost(self) -> None:
        """The client closed its sending side: treat that as if it had left.

        A client that has left completely looks the same to the server. A request that
        is still being answered loses its connection; complete answers are still sent.
        """
        if self.requests:
            self.transport.abortConnection()
        else:
            self.loseConnection()

    def writeConnectionLost(self) -> None:
        """Do nothing: the sending side was closed after a refusal."""

    def getPeer(self) -> IAddress:
        """Return the client's address, looked up once for all requests."""
        if self._peer is None:
            self._peer = self.transport.getPeer()
        return self._peer

    def getHost(self) -> IAddress:
        """Return this end's address, looked up once."""
        if self._host is None:
            self._host = self.transport.getHost()
        return self._host

    # -- reading -------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        """Take bytes of a head, of a body, or of a later request during an answer."""
        if self.ending:
            return
        if self.line_mode:
            self._unparsed += data
            self.parse_more()
        elif self._handlingRequest:
            self._unparsed += data
            self._update_reading()
        else:
            self.rawDataReceived(data)

    def parse_more(self) -> None:
        """Parse and answer what has arrived, as far as answers can be sent.

        While the transport is full, or too much is held for clients that do not read,
        requests stay unparsed. twisted.web only stops reading then, and would answer
        thousands of requests that came in one read.
        """
        if self._parsing:
            return
        self._parsing = True
        unread = self.site.unread_answers
        try:
            while self.line_mode and not self.ending:
                if self._waitingForTransport:
                    break
                if unread.full:
                    unread.hold_off(self, self.parse_more)
                    break
                if not self._take_head():
                    break
        finally:
            self._parsing = False
        self._update_reading()

    @property
    def is_flushing(self) -> bool:
        """Whether the last answer is complete but not sent, and no other has begun."""
        return self.phase is ConnectionPhase.ANSWER and not self.requests

    def _update_reading(self) -> None:
        """Pause or resume reading, so that the unparsed bytes stay bounded.

        During an answer some bytes are read, to notice early when the client leaves.
        """
        if self.ending:
            return
        if self._handlingRequest:
            reads = len(self._unparsed) <= self.site.limits.unparsed_bytes
        else:
            reads = not self._waitingForTransport and not (
                self.line_mode and self.site.unread_answers.full
            )
        if reads is self._reads:
            return
        self._reads = reads
        if reads:
            self._networkProducer.resumeProducing()
        else:
            self._networkProducer.pauseProducing()

    def pauseProducing(self) -> None:
        """The transport is full: pause the answer, and parse no further requests."""
        self._waitingForTransport = True
        self.site.unread_answers.watch(self)
        if self._requestProducer is not None:
            self._requestProducer.pauseProducing()
        self._update_reading()

    def resumeProducing(self) -> None:
        """The transport is empty: go on with the answer, or with the next request."""
        self._waitingForTransport = False
        self.site.unread_answers.release(self)
        if self._requestProducer is not None:
            self._requestProducer.resumeProducing()
        self._continue()

    def _continue(self) -> None:
        if self.line_mode and not self.ending:
            self.parse_more()
        else:
            self._update_reading()

    def _take_head(self) -> bool:
        """Parse one head, if it is complete; say whether there may be another."""
        block = self._unparsed
        limits = self.site.limits
        # RFC 9112, section 2.2: ignore an empty line before a request.
        start = 2 if block.startswith(b"\r\n") else 0
        end = block.find(b"\r\n\r\n", start)
        if end < 0:
            self._wait_for_head(block[start:])
            return False
        self._unparsed = b""
        if end - start > limits.head_bytes:
            self.refuse(oversized(block[start:], limits), block[:end])
            return False
        head = parse_head(block[start:end], limits)
        if isinstance(head, BadHead):
            self.refuse(head.error, block[:end], mcp=head.mcp)
            return False
        if self.site.prefix:
            head = without_prefix(head, self.site.prefix)
        if self.crowded and head.path not in _PROBES:
            self.refuse(too_busy(), block[:end], mcp=head.mcp)
            return False
        self._begin(head, block[end + 4 :])
        return True

    def _wait_for_head(self, block: bytes) -> None:
        limits = self.site.limits
        if not block:
            self._become_idle()
        elif (error := hopeless(block, limits)) is not None:
            self.refuse(error, block)
        elif self.phase is not ConnectionPhase.HEAD:
            # The deadline is for the whole head; later bytes do not move it. A new
            # connection has had its deadline since it was made.
            if self.phase is not ConnectionPhase.FRESH:
                self._deadline.within(limits.head_seconds)
            self.phase = ConnectionPhase.HEAD

    def _become_idle(self) -> None:
        if (
            self.phase is not ConnectionPhase.IDLE
            and self.phase is not ConnectionPhase.FRESH
        ):
            self.phase = ConnectionPhase.IDLE
            self.site.became_idle(self)
            self._deadline.within(self.site.limits.keep_alive_seconds)

    def _begin(self, head: Head, rest: bytes) -> None:
        request = self.site.request_class(self, head)
        self.requests.append(request)
        self._command = head.method.encode("ascii")
        self._path = head.path.encode("ascii")
        self._version = head.version.encode("ascii")
        self.persistent = (
            head.persistent and not self.crowded and not self.site.draining
        )
        self.length = head.length
        request.gotLength(head.length)
        if head.length is not None and len(rest) >= head.length:
            request.handleContentChunk(rest[: head.length])
            self._finishRequestBody(rest[head.length :])
            return
        self._expect_body(request, head)
        if rest:
            self.rawDataReceived(rest)

    def _expect_body(self, request: McpRequest, head: Head) -> None:
        self.phase = ConnectionPhase.BODY
        self._deadline.within(self.site.limits.body_seconds)
        if head.continues:
            self._send100Continue()
        take, finish = request.handleContentChunk, self._finishRequestBody
        self._transferDecoder: Any = (
            ChunkDecoder(take, finish)
            if head.length is None
            else _IdentityTransferDecoder(head.length, take, finish)
        )
        self.setRawMode()

    def may_keep(self, request: McpRequest, size: int) -> bool:
        """Say whether a part of a body may be kept; if not, refuse the request.

        :param size: of the part, in bytes.
        """
        if self.ending:
            return False
        request.held_bytes += size
        self.site.held_bytes += size
        if request.held_bytes > self.site.limits.body_bytes:
            self.refuse(body_too_large(self.site.limits.body_bytes))
            return False
        if self.site.held_bytes > self.site.limits.all_bodies_bytes:
            self.refuse(too_busy())
            return False
        return True

    def _finishRequestBody(self, data: bytes) -> None:
        if self.ending:
            return
        self.phase = ConnectionPhase.ANSWER
        self._deadline.lift()
        self._unparsed = data
        self.allContentReceived()

    def requestDone(self, request: McpRequest) -> None:
        """The answer is complete: go on with the next request, or close."""
        if request is not self.requests[0]:
            raise TypeError("not the request that is being answered")
        del self.requests[0]
        self.site.release_body(request)
        if self._waitingForTransport:
            # Over TLS the transport pauses before it has the whole answer.
            self.site.unread_answers.watch(self)
        if not self.persistent:
            self.loseConnection()
            return
        self._handlingRequest = False
        self.line_mode = 1
        self._continue()

    def _respondToBadRequestAndDisconnect(self) -> None:
        """Refuse a body that twisted.web's chunk decoder could not read."""
        self.refuse(malformed("the chunks of the body"))

    def _overdue(self) -> None:
        if self.phase is ConnectionPhase.HEAD:
            self.refuse(too_slow("head of the request"), self._unparsed)
        elif self.phase is ConnectionPhase.BODY:
            self.refuse(too_slow("body of the request"))
        else:
            super()._overdue()
