"""The factory of HTTP connections: limits their number, and drains them.

twisted.web's own access log is not written, because it shows paths and referrers, which
may hold keys.
"""

# twisted.web's Site is not annotated.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.web.http import datetimeToString
from twisted.web.resource import IResource
from twisted.web.server import Site

from ..._log import Line
from ...pipeline.exchange import Headers
from ...pipeline.replies.reply import HeaderPairs
from ..pages.look import POLICY
from .access_log import CLIENT_LEFT_STATUS, AccessLog
from .channel import McpChannel
from .limits import WebLimits
from .phase import ConnectionPhase
from .request import McpRequest
from .unread_answers import UnreadAnswers

CorsHeaders: TypeAlias = Callable[[Headers], HeaderPairs]

SECURITY_HEADERS = (
    b"Server: instantly-mcp\r\n"
    b"X-Content-Type-Options: nosniff\r\n"
    b"X-Frame-Options: DENY\r\n"
)

PAGE_POLICIES = (
    b"Referrer-Policy: no-referrer\r\n"
    + f"Content-Security-Policy: {POLICY}\r\n".encode("ascii")
)
"""Sent with every answer that has no ``Content-Security-Policy`` of its own."""

UNREAD_LOGGER = f"{__name__}.Unread"
"""The logger of closed connections. The daemon limits the rate of its lines."""

_UNREAD_LINE = Line(
    UNREAD_LOGGER, "Closed a connection: its client does not read what was sent"
)

_READING = frozenset(
    (
        ConnectionPhase.FRESH,
        ConnectionPhase.IDLE,
        ConnectionPhase.HEAD,
        ConnectionPhase.BODY,
    )
)

NO_STORE = b"Cache-Control: no-store\r\n"
"""Sent with every answer that has no ``Cache-Control`` of its own."""


def _no_cors_headers(headers: Headers) -> HeaderPairs:
    return ()


class McpSite(Site):
    """Makes an `McpChannel` for each connection, within the limits.

    :param resource: the root web resource, which Klein makes.
    :param clock: the reactor.
    :param wall: returns seconds since the epoch, for the ``Date`` header.
    :param cors_headers: returns the CORS headers for the answer to request headers.
    :param prefix: the path of the public URL. The proxy is expected to remove it, but
        requests that still have it, such as local ones, are served as well.
    """

    noisy = False
    request_class: ClassVar[type[McpRequest]] = McpRequest

    def __init__(
        self,
        resource: IResource,
        clock: IReactorTime,
        access_log: AccessLog,
        limits: WebLimits,
        wall: Callable[[], float],
        *,
        cors_headers: CorsHeaders = _no_cors_headers,
        prefix: str = "",
    ) -> None:
        super().__init__(resource, reactor=clock, parsePOSTFormSubmission=False)
        self.clock = clock
        self.access_log = access_log
        self.limits = limits
        self.draining = False
        self.held_bytes = 0
        self.unread_answers = UnreadAnswers(clock, limits, _UNREAD_LINE.write)
        self.cors_headers = cors_headers
        self.prefix = prefix
        self._wall = wall
        self._channels: set[McpChannel] = set()
        self._served = 0
        self._crowded: dict[McpChannel, None] = {}
        self._idle: dict[McpChannel, None] = {}
        self._empty: list[Deferred[None]] = []
        self._closing_idle: IDelayedCall | None = None
        self._date = 0
        self._constant = self._uncached = self._of_page = b""

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._channels)

    # Any, because twisted.web returns a private class here.
    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Return a channel; beyond the limit a crowded one, see `WebLimits`."""
        full = self._served >= self.limits.connections
        return McpChannel(self, full and not self._close_longest_idle())

    def _close_longest_idle(self) -> bool:
        """Close the longest-idle connection; say whether there was an idle one.

        Connections that are closing still have their file descriptors, so their number
        is limited.
        """
        limits = self.limits
        if len(self._channels) >= limits.connections + limits.crowded_connections:
            return False
        while self._idle:
            channel = next(iter(self._idle))
            del self._idle[channel]
            if channel.phase is ConnectionPhase.IDLE:
                channel.retire()
                return True
        return False

    def startFactory(self) -> None:
        """Do nothing: twisted.web would open its access log and start a timer."""

    def stopFactory(self) -> None:
        """Do nothing; `drain` closes the connections."""

    def acceptableProtocols(self) -> list[bytes]:
        """Offer HTTP/1.1 over TLS; `McpChannel` does not support HTTP/2."""
        return [b"http/1.1"]

    def constant_headers(self, *, caching: bool = False, page: bool = False) -> bytes:
        """Return the header lines of every answer, with the current date.

        :param caching: the answer has its own ``Cache-Control``.
        :param page: and also its own policies of content and referrer.
        """
        now = int(self._wall())
        if now != self._date:
            self._date = now
            self._of_page = SECURITY_HEADERS + b"Date: %b\r\n" % datetimeToString(now)
            self._constant = PAGE_POLICIES + self._of_page
            self._uncached = NO_STORE + self._constant
        if page:
            return self._of_page
        return self._constant if caching else self._uncached

    def log(self, request: Any) -> None:
        """Log a request whose answer is complete."""
        now = self.clock.seconds()
        self.access_log.ended(request.record, request.status, now)

    def client_left(self, request: McpRequest) -> None:
        """Log a request whose client left before the answer was complete."""
        now = self.clock.seconds()
        self.access_log.ended(request.record, request.status or CLIENT_LEFT_STATUS, now)

    def release_body(self, request: McpRequest) -> None:
        """Note that a request's body is no longer in memory."""
        self.held_bytes -= request.held_bytes
        request.held_bytes = 0

    def connected(self, channel: McpChannel) -> None:
        """Count a new connection. Of too many crowded ones the oldest is closed."""
        self._channels.add(channel)
        if not channel.crowded:
            self._served += 1
            return
        limits = self.limits
        crowded = len(self._channels) - self._served
        if crowded > limits.crowded_connections + limits.closing_connections:
            channel.close_crowded()
            return
        self._crowded[channel] = None
        if len(self._crowded) > limits.crowded_connections:
            oldest = next(iter(self._crowded))
            del self._crowded[oldest]
            oldest.close_crowded()

    def became_idle(self, channel: McpChannel) -> None:
        """Note that a connection is idle. It need not say when it no longer is."""
        self._idle.pop(channel, None)
        self._idle[channel] = None

    def disconnected(self, channel: McpChannel) -> None:
        """Note that a connection is closed."""
        self._channels.discard(channel)
        self._idle.pop(channel, None)
        if channel.crowded:
            self._crowded.pop(channel, None)
        else:
            self._served -= 1
        if not self._channels:
            self._cancel_closing_idle()
            waiting, self._empty = self._empty, []
            for waiter in waiting:
                waiter.callback(None)

    @property
    def may_bring_work(self) -> bool:
        """Whether a request may still arrive on an open connection."""
        return any(channel.phase in _READING for channel in self._channels)

    def drain(self) -> None:
        """Close every connection after its answer; close idle ones a little later.

        Not at once, because a request may be on its way on a connection that looks
        idle, and its client could not know whether it was executed.
        """
        self.draining = True
        for channel in tuple(self._channels):
            if channel.is_flushing:
                channel.loseConnection()
            else:
                channel.persistent = 0
        self._close_idle_soon()

    def _close_idle_soon(self) -> None:
        if self.draining and self._channels and self._closing_idle is None:
            seconds = self.limits.last_request_seconds
            self._closing_idle = self.clock.callLater(seconds, self._look_once_more)

    def _look_once_more(self) -> None:
        # After a long iteration the reactor runs timers before it reads what arrived.
        self._closing_idle = self.clock.callLater(0, self._close_idle)

    def _close_idle(self) -> None:
        self._closing_idle = None
        for channel in tuple(self._channels):
            if channel.phase in (ConnectionPhase.IDLE, ConnectionPhase.FRESH):
                channel.loseConnection()

    def _cancel_closing_idle(self) -> None:
        timer, self._closing_idle = self._closing_idle, None
        if timer is not None:
            timer.cancel()

    def abort(self) -> None:
        """Abort every connection."""
        self._cancel_closing_idle()
        for channel in tuple(self._channels):
            channel.transport.abortConnection()

    def when_empty(self) -> Deferred[None]:
        """Fire when the last connection is closed and all bytes are written."""
        if not self._channels:
            return succeed(None)
        self._close_idle_soon()
        waiter: Deferred[None] = Deferred(self._empty.remove)
        self._empty.append(waiter)
        return waiter
