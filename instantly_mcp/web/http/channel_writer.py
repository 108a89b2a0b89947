"""The writing half of an HTTP connection: heads of responses, refusals, closing."""

# Most of twisted.web's HTTPChannel is not annotated.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IHalfCloseableDescriptor, ISSLTransport
from twisted.web.http import HTTPChannel
from twisted.web.http_headers import Headers as WireHeaders

from ...pipeline.exchange import Headers
from ...protocol.wire.errors import ProtocolError
from ..interfaces import UNIX
from .access_log import REFUSED, AccessRecord
from .deadline import Deadline
from .phase import ConnectionPhase
from .refusals import error_answer, too_busy
from .request import McpRequest, header_lines, status_line
from .request_head import origins_in
from .unread_answers import buffered, queued

if TYPE_CHECKING:
    from .site import McpSite

_CACHING = b"\r\nCache-Control: "
_PAGE_POLICY = b"\r\nContent-Security-Policy: "
"""Looked for only in answers with a ``Cache-Control``: those with pages have both."""


class WritingChannel(HTTPChannel):
    """Writes to one connection, and closes it."""

    transport: Any  # ITransport alone lacks most of what every transport has

    def __init__(self, site: McpSite) -> None:
        super().__init__()
        self.site = site
        self.factory = site
        self.phase = ConnectionPhase.FRESH
        self._unparsed = b""
        self._deadline = Deadline(site.clock, self._overdue)

    @property
    def ending(self) -> bool:
        """Whether nothing more is read and no further answer will be written."""
        return self.phase is ConnectionPhase.ENDING

    def write_head(self, status: bytes, headers: bytes, body: bytes = b"") -> None:
        """Write a response head, with the site's constant headers.

        :param body: the body or its beginning, sent in the same write.
        """
        caching = _CACHING in b"\r\n" + headers
        page = caching and _PAGE_POLICY in headers
        head = b"HTTP/1.1 %b\r\n%b%b%b" % (
            status,
            headers,
            self.site.constant_headers(caching=caching, page=page),
            b"\r\n" if self.persistent else b"Connection: close\r\n\r\n",
        )
        # One call, because each `write` has a cost; not joined, because the body may be
        # large and would be copied.
        self.transport.writeSequence((head, body))

    def writeHeaders(
        self, version: bytes, code: bytes, reason: bytes, headers: WireHeaders
    ) -> None:
        """Write a head that twisted.web made, with the site's constant headers."""
        lines = [
            b"%b: %b\r\n" % (name, value)
            for name, values in headers.getAllRawHeaders()
            for value in values
        ]
        self.write_head(b"%b %b" % (code, reason), b"".join(lines))

    def refuse(
        self,
        error: ProtocolError,
        block: bytes = b"",
        *,
        mcp: bool = False,
        linger: bool = True,
    ) -> None:
        """Answer a request that cannot be served, and close.

        :param block: the head, if no request was made from it.
        :param mcp: the head, if no request was made from it, is for an MCP route.
        :param linger: let the client go on sending for a moment. If the connection were
            reset while it sends, it would lose the answer.
        """
        self.phase = ConnectionPhase.ENDING
        if self.requests and self.requests[-1].startedWriting:
            # The client would read a refusal as a part of this answer.
            self.requests[-1].abort()
            return
        request = self.requests.pop() if self.requests else None
        if request is not None:
            request.give_up()
            self.site.release_body(request)
            request.content.close()
        self.persistent = 0
        self._unparsed = b""
        answer = error_answer(error, mcp=mcp if request is None else request.head.mcp)
        named = request.head.headers if request is not None else origins_in(block)
        length = ("Content-Length", str(len(answer.body)))
        fields = (*answer.headers, *self.site.cors_headers(Headers(named)), length)
        lines = header_lines(fields).encode("latin-1")
        self.write_head(status_line(error.status), lines, answer.body)
        self._record(request, error.status)
        self._close_after_refusal(linger)

    def loseConnection(self) -> None:
        """Close when everything is written, or when the client stops reading."""
        if not self.ending:
            self.phase = ConnectionPhase.ENDING
            self._deadline.lift()
            self.site.unread_answers.watch(self)
        super().loseConnection()

    def close_crowded(self) -> None:
        """Refuse and close a crowded connection, because newer ones have come."""
        if self.ending:
            self.transport.abortConnection()
        else:
            self.refuse(too_busy(), linger=False)

    def retire(self) -> None:
        """Close an idle connection to free a slot, even if its client does not read."""
        self.loseConnection()
        self._deadline.passed = self.transport.abortConnection
        self._deadline.within(self.site.limits.linger_seconds)

    def settle(self) -> None:
        """Stop the timer: the stream that is being written may stay open for days."""
        self._deadline.stop()

    def watch_reader(self) -> None:
        """Limit the time that the client may leave written bytes unread."""
        if buffered(self.transport)[0]:
            self.site.unread_answers.watch(self)

    def _overdue(self) -> None:
        """Close the connection: what it waited for did not come in time."""
        if not self.ending:
            self.loseConnection()
            self._deadline.within(self.site.limits.linger_seconds)
        elif buffered(self.transport)[0] or queued(self.transport):
            # The client may still be reading its last answer, slowly.
            self.site.unread_answers.watch(self)
        else:
            self.transport.abortConnection()

    def _record(self, request: McpRequest | None, status: int) -> None:
        now = self.site.clock.seconds()
        record = AccessRecord(REFUSED, "-", now) if request is None else request.record
        record.route = REFUSED
        if self.site.access_log.addresses:
            # The connection's own address: the headers of a proxy were not read.
            record.address = getattr(self.getPeer(), "host", None) or UNIX
        self.site.access_log.ended(record, status, now)

    def _close_after_refusal(self, linger: bool) -> None:
        transport: Any = self.transport
        transport.unregisterProducer()
        self._deadline.within(self.site.limits.linger_seconds)
        half = IHalfCloseableDescriptor.providedBy(self.transport)
        if linger and half and not ISSLTransport.providedBy(self.transport):
            # A paused transport would not read, and so not notice when the client
            # closes the connection.
            transport.resumeProducing()
            transport.loseWriteConnection()
        else:
            transport.loseConnection()
