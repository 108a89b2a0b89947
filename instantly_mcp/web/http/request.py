"""One HTTP request on twisted.web's `Request`: its body, and writing its answer."""

# Most of twisted.web's Request is not annotated.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from attrs import evolve
from klein.interfaces import IKleinRequest
from twisted.python.failure import Failure
from twisted.web.http import RESPONSES
from twisted.web.http_headers import Headers as WireHeaders
from twisted.web.server import Request
from werkzeug.routing import MapAdapter

from ...pipeline.exchange import Headers
from ...pipeline.replies.reply import Answer, id_in
from ...protocol.wire.errors import ProtocolError
from ...protocol.wire.incidents import report_bug
from ...protocol.wire.jsonrpc import Id
from .access_log import NO_ROUTE, AccessRecord
from .refusals import error_answer
from .request_head import Head

if TYPE_CHECKING:
    from .channel import McpChannel

_NOWHERE = b"/-"
"""A path that no route matches."""

_REASONS = {
    **RESPONSES,
    # twisted.web has no reason phrase for these.
    421: b"Misdirected Request",
    429: b"Too Many Requests",
    431: b"Request Header Fields Too Large",
}

_STATUS_LINES = {code: b"%d %b" % (code, text) for code, text in _REASONS.items()}


def status_line(status: int) -> bytes:
    """Return the status and its reason phrase."""
    return _STATUS_LINES.get(status) or b"%d Unknown" % status


class AnswerOutOfOrder(Exception):
    """An answer was started, written or ended in the wrong order: a bug."""


class McpRequest(Request):
    """A request whose head was parsed before the request was created.

    Its answer is started once, by `start` or `answer`, continued by `write`, and ended
    once, by `finish`. twisted.web's own pages and default headers are never sent. A
    call out of this order is a bug: it is logged as `AnswerOutOfOrder` and has no
    effect, because its bytes would be taken for the answer to the connection's next
    request. After the client has left, or was refused or aborted, every call has no
    effect.
    """

    # CPython stores the attributes of instances without a dictionary for each if the
    # class has fewer than thirty names and early instances have them all. twisted.web
    # has nearly as many itself. A dictionary is slower and takes a kilobyte more.
    __slots__ = (
        "_wire_headers",
        "head",
        "held_bytes",
        "mapper",
        "postpath",
        "prepath",
        "record",
        "site",
        "status",
        "streamingProducer",
    )

    defaultContentType = None
    channel: McpChannel
    content: BytesIO
    mapper: MapAdapter | None

    def __init__(self, channel: McpChannel, head: Head) -> None:
        super().__init__(channel, parsePOSTFormSubmission=False)
        self.head = head
        self.held_bytes = 0
        self.status = 0
        self.record = AccessRecord(NO_ROUTE, head.method, channel.site.clock.seconds())
        self._wire_headers: WireHeaders | None = None
        # Set here, although only a stream uses them: see above.
        self.producer, self.chunked = None, 0

    @property
    def requestHeaders(self) -> WireHeaders:
        """The headers in twisted.web's form, made on first use by a plain resource."""
        if self._wire_headers is None:
            self._wire_headers = WireHeaders()
            for name, values in self.head.headers.items():
                self._wire_headers.setRawHeaders(
                    name.encode("ascii"), [value.encode("latin-1") for value in values]
                )
        return self._wire_headers

    @requestHeaders.setter
    def requestHeaders(self, headers: WireHeaders) -> None:
        """Ignore the empty headers that twisted.web's constructor sets."""

    @property
    def gone(self) -> bool:
        """Whether the answer is complete or the client has left."""
        return bool(self._disconnected or self.finished)

    @property
    def message_id(self) -> Id | None:
        """The id of the JSON-RPC request in the body, if it can be read."""
        return id_in(self.content.getvalue()) if self.head.mcp else None

    def gotLength(self, length: int | None) -> None:
        """Create the buffer for the body, in memory: its size is bounded."""
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:
        """Take a part of the body, if the limits allow it."""
        if self.channel.may_keep(self, len(data)):
            self.content.write(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Process the complete request. `uri` is not kept: it may hold a key."""
        self.content.seek(0)
        self.args = {}
        self.method, self.clientproto = command, version
        self.path = path
        self.uri = b"-"
        self.process()

    def process(self) -> None:
        """Hand the request to the site's web resource, with its path still encoded."""
        self.site = self.channel.site
        self.prepath = []
        # Werkzeug strips leading slashes and would take //mcp for /mcp.
        path = _NOWHERE if self.path.startswith(b"//") else self.path
        self.postpath = self.path_segments(path)
        try:
            self.site.resource.render(self)
        except Exception:
            self.processingFailed(Failure())
        if self.producer is not None:
            # A stream called `settle` before Klein asked to be notified.
            self.notifications.clear()

    def path_segments(self, path: bytes) -> list[bytes]:
        """Return the segments of a path as the resource gets them: still encoded."""
        return path[1:].split(b"/")

    def settle(self) -> None:
        """Release what only the beginning of a stream needs: it may stay open for days.

        The producer ends the answer and is stopped when the client leaves, so Klein
        need not be notified of either.
        """
        self.head = evolve(self.head, query="", headers={})
        self.mapper = None
        self.notifications.clear()
        self.channel.settle()

    def watch_reader(self) -> None:
        """Limit the time that the client may leave written bytes unread."""
        self.channel.watch_reader()

    def start(
        self,
        status: int,
        headers: Sequence[tuple[str, str]],
        length: int | None,
        body: bytes = b"",
    ) -> None:
        """Send the status line and the headers.

        :param length: of the body, in bytes; ``None`` for a stream.
        :param body: the body or its beginning, sent in the same write.
        """
        if not self._may("start", not self.startedWriting):
            return
        self.status = self.code = status
        self.startedWriting = 1
        self.sentLength += len(body)
        lines = header_lines(headers)
        if length is not None:
            # In a 304 it would be the length of what is not sent (RFC 9110, 8.6).
            if status not in (204, 304):
                lines += f"Content-Length: {length}\r\n"
        elif self.clientproto == b"HTTP/1.1":
            lines += "Transfer-Encoding: chunked\r\n"
            self.chunked = 1
        self.channel.write_head(
            status_line(status), lines.encode("latin-1", "replace"), body
        )

    def answer(self, answer: Answer, extra: Sequence[tuple[str, str]] = ()) -> None:
        """Send a complete answer; `finish` must follow.

        :param extra: more headers.
        """
        if answer.reason is not None:
            self.record.reason = answer.reason
        headers = (*answer.headers, *extra) if extra else answer.headers
        body = b"" if self.method == b"HEAD" else answer.body
        self.start(answer.status, headers, len(answer.body), body)

    def write(self, data: bytes) -> None:
        """Send a part of the body."""
        if self._may("write", self.startedWriting):
            super().write(data)

    def finish(self) -> None:
        """End the answer. If none was begun, which is a bug, send an internal error."""
        if not (self.startedWriting or self.gone):
            self.answer_incident(Failure(AnswerOutOfOrder("finish")))
            super().finish()
        elif self._may("finish", self.startedWriting):
            super().finish()

    def _may(self, step: str, in_order: object) -> bool:
        """Say whether a step is in order; log it if it is not, which is a bug."""
        if self._disconnected:
            return False
        if in_order and not self.finished:
            return True
        state = "finished" if self.finished else "begun"
        if not self.startedWriting:
            state = "not begun"
        self._log.failure(
            "Refused to {step} an answer on {route} that is {state}",
            failure=Failure(AnswerOutOfOrder(step)),
            step=step,
            state=state,
            route=self.record.route,
        )
        return False

    def give_up(self) -> None:
        """Ignore all further writes: the connection sends a refusal, or ends."""
        self._disconnected = True

    def answer_incident(self, reason: Failure) -> None:
        """Log an unexpected exception and answer with its incident id, in JSON."""
        error = report_bug(
            self._log,
            reason,
            "A request on {route} failed",
            status=500,
            route=self.record.route,
        )
        if not self.startedWriting:
            self._answer_error(error)
        elif not self.finished:
            if self.producer is not None:
                self.unregisterProducer()
            self.abort()

    def _answer_error(self, error: ProtocolError) -> None:
        if not self.gone:
            answer = error_answer(error, mcp=self.head.mcp, id=self.message_id)
            self.answer(
                answer, self.channel.site.cors_headers(Headers(self.head.headers))
            )

    def processingFailed(self, reason: Failure) -> Failure:
        """Answer an exception that was raised outside of the routes."""
        self.answer_incident(reason)
        if not self.gone:
            self.finish()
        return reason

    def abort(self) -> None:
        """Abort the connection, because the answer cannot be completed."""
        if not self.gone:
            self.give_up()
            self.channel.transport.abortConnection()

    def connectionLost(self, reason: Failure) -> None:
        """The connection was lost before the answer was complete."""
        channel, producer = self.channel, self.producer
        self.producer = None
        super().connectionLost(reason)
        channel.site.client_left(self)
        if producer is not None:
            producer.stopProducing()

    def __conform__(self, interface: object) -> object:
        """Adapt to `IKleinRequest`, of which Klein only uses `mapper`."""
        return self if interface is IKleinRequest else super().__conform__(interface)

    def getRequestHostname(self) -> bytes:
        """Return a constant, so that no answer is built from the Host header."""
        return b"localhost"

    def isSecure(self) -> bool:
        """Return ``False``: no answer is built from the scheme."""
        return False

    def __repr__(self) -> str:
        return f"<McpRequest {self.head.method} {self.record.route}>"


def header_lines(headers: Sequence[tuple[str, str]]) -> str:
    """Return the header lines. Line breaks in names and values become blanks."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    breaks = len(headers)
    if lines.count("\r") == breaks and lines.count("\n") == breaks:
        return lines
    return "".join([f"{_safe(name)}: {_safe(value)}\r\n" for name, value in headers])


def _safe(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")
