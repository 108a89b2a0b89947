"""Lets a person, or ``instantly-mcp check --stream``, see whether a proxy buffers.

The daemon cannot see when its bytes arrive. So it sends a few lines, one a second, each
with the time at which it was sent, and the reader compares. The headers are those of an
MCP event stream, so that a proxy treats both alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.web.resource import IResource
from twisted.web.template import Tag, tags

from .._json_codec import dumps
from ..pipeline.media import names_stream
from ..pipeline.replies.reply import Answer, HeaderPairs
from ..protocol.wire.errors import overloaded
from .delivery import BEGUN, STREAM_HEADERS
from .http.refusals import error_answer
from .http.request import McpRequest
from .interfaces import Facts
from .pages.look import HTML_TYPE, document, site_navigation

STREAM_PATH = "/connect/stream"

LINES = 5
SECONDS_BETWEEN = 1.0

MAX_OPEN = 20
"""Checks at a time. Anyone may open one, because it is opened through the proxy."""

Written: TypeAlias = Callable[[int, float], bytes]
"""Makes a line of its number, from 0, and of the time in seconds since the epoch."""

_MARK = "(lines)"
RETRY_SECONDS = 10

_HTML_HEADERS: HeaderPairs = (*STREAM_HEADERS[1:], *HTML_TYPE)


@define(eq=False)
class StreamCheck:
    """Sends the lines.

    :param clock: the reactor.
    :param wall: returns seconds since the epoch.
    :param draining: says whether the server is stopping, which does not wait for the
        rest of the lines.
    """

    clock: IReactorTime
    wall: Callable[[], float]
    draining: Callable[[], bool]
    open: int = field(default=0, init=False)

    def refusal(self) -> Answer | None:
        """Return the answer if no further check may begin."""
        if self.open < MAX_OPEN:
            return None
        error = overloaded("Too many tests of the stream are open.", RETRY_SECONDS)
        return error_answer(error, mcp=False)

    def begin(self, request: McpRequest, accept: str, facts: Facts) -> IResource | None:
        """Start the answer: an event stream for programs that ask for one, else a page.

        :returns: for Klein; see `Delivery.deliver`.
        """
        stream = names_stream(accept)
        headers = STREAM_HEADERS if stream else _HTML_HEADERS
        if request.method == b"HEAD":
            request.start(200, headers, 0)
            return None
        before, after = (b"", b"") if stream else _page(facts)
        self.open += 1
        request.start(200, headers, None)
        request.write(before)
        self._send(request, _event if stream else _line, after, 0)
        return BEGUN

    def _send(
        self, request: McpRequest, written: Written, after: bytes, number: int
    ) -> None:
        """Send a line, and the next one a second later."""
        if request.gone:
            self.open -= 1
            return
        request.write(written(number, self.wall()))
        if number + 1 < LINES and not self.draining():
            self.clock.callLater(
                SECONDS_BETWEEN, self._send, request, written, after, number + 1
            )
            return
        self.open -= 1
        request.write(after)
        request.finish()


def _event(number: int, now: float) -> bytes:
    sent = {"line": number + 1, "of": LINES, "after": number * SECONDS_BETWEEN}
    return b"data: " + dumps({**sent, "at": _time(now)}) + b"\n\n"


def _line(number: int, now: float) -> bytes:
    return f"<li>Sent at {_time(now)}</li>\n".encode()


def _time(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%H:%M:%S.%f}"[:-3] + " UTC"


def _page(facts: Facts) -> Sequence[bytes]:
    """Return what precedes the lines, and what follows them."""
    whole = document(
        "Test the stream",
        tags.p(
            f"{LINES} lines follow, one a second. Do they appear one by one? Then "
            "streams arrive as they should.",
            class_="lead",
        ),
        tags.p(
            "If the page stayed empty for some seconds and then all lines appeared at "
            "once, a proxy between you and this server is buffering: its operator must "
            "set ",
            tags.code("proxy_buffering off"),
            " (nginx), or what the proxy calls it. Answers of MCP would arrive late, "
            "too.",
        ),
        Tag("ol")(_MARK),
        tags.p("The same for programs: ", tags.code(_command(facts))),
        navigation=site_navigation(facts, "/connect", known=False),
    )
    return whole.split(_MARK.encode(), 1)


def _command(facts: Facts) -> str:
    return f"instantly-mcp check --stream {facts.public_url or 'ADDRESS'}"
