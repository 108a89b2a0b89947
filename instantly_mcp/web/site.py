"""The factory of HTTP connections: who is connected, what is held, how it ends.

It writes no access log of twisted.web's making: that one prints paths and referrers,
which hold keys.
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

from .._log import Line
from ..pipeline.exchange import Headers
from ..pipeline.reply import HeaderPairs
from .channel import McpChannel
from .html import POLICY
from .journal import GONE, Journal
from .limits import WebLimits
from .phase import Phase
from .request import McpRequest
from .unread import UnreadAnswers

Grants: TypeAlias = Callable[[Headers], HeaderPairs]

SECURITY_HEADERS = (
    b"Server: instantly-mcp\r\n"
    b"X-Content-Type-Options: nosniff\r\n"
    b"X-Frame-Options: DENY\r\n"
    b"Referrer-Policy: no-referrer\r\n"
    + f"Content-Security-Policy: {POLICY}\r\n".encode("ascii")
)

_UNREAD_LINE = Line(
    f"{__name__}.Unread", "Closed a connection: its client does not read what was sent"
)
"""Written at a limited rate: see `instantly_mcp.daemon.log_limits`."""

_READING = frozenset((Phase.FRESH, Phase.IDLE, Phase.HEAD, Phase.BODY))

NO_STORE = b"Cache-Control: no-store\r\n"
"""Of every answer that does not say itself what caches may do."""


def _no_grants(headers: Headers) -> HeaderPairs:
    return ()


class McpSite(Site):
    """Makes an `McpChannel` for each connection, within the limits.

    :param resource: the one web resource, Klein's.
    :param wall: the wall clock, for the ``Date`` header only.
    :param grants: the headers by which a browser's script may read an answer.
    :param prefix: the path of the public URL. A proxy is expected to take it away;
        requests that still have it, as those of this machine may, are served as well.
    """

    noisy = False
    request_class: ClassVar[type[McpRequest]] = McpRequest

    def __init__(
        self,
        resource: IResource,
        clock: IReactorTime,
        journal: Journal,
        limits: WebLimits,
        wall: Callable[[], float],
        *,
        grants: Grants = _no_grants,
        prefix: str = "",
    ) -> None:
        super().__init__(resource, reactor=clock, parsePOSTFormSubmission=False)
        self.clock = clock
        self.journal = journal
        self.limits = limits
        self.draining = False
        self.held = 0
        self.unread = UnreadAnswers(clock, limits, _UNREAD_LINE.write)
        self.grants = grants
        self.prefix = prefix
        self._wall = wall
        self._channels: set[McpChannel] = set()
        self._served = 0
        self._queue: dict[McpChannel, None] = {}
        self._rested: dict[McpChannel, None] = {}
        self._empty: list[Deferred[None]] = []
        self._closing_idle: IDelayedCall | None = None
        self._date = 0
        self._constant = self._uncached = b""

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._channels)

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Return a channel; one too many only learns that it is."""
        full = self._served >= self.limits.connections
        return McpChannel(self, full and not self._makes_room())

    def _makes_room(self) -> bool:
        """Close the connection that has rested longest, if one rests.

        Those that are closing still have their descriptors, so they are few at a time.
        """
        if len(self._channels) >= self.limits.connections + self.limits.queue:
            return False
        while self._rested:
            channel = next(iter(self._rested))
            del self._rested[channel]
            if channel.phase is Phase.IDLE:
                channel.retire()
                return True
        return False

    def startFactory(self) -> None:
        """Do without twisted.web's access log and its once-a-second timer."""

    def stopFactory(self) -> None:
        """There is nothing to stop: see `drain`."""

    def acceptableProtocols(self) -> list[bytes]:
        """Offer HTTP/1.1 over TLS, and not HTTP/2, which `McpChannel` cannot read."""
        return [b"http/1.1"]

    def constant_headers(self, *, caching: bool = False) -> bytes:
        """Return the header lines that every answer carries, with the current date.

        :param caching: the answer has a ``Cache-Control`` of its own.
        """
        now = int(self._wall())
        if now != self._date:
            self._date = now
            self._constant = SECURITY_HEADERS + b"Date: %b\r\n" % datetimeToString(now)
            self._uncached = NO_STORE + self._constant
        return self._constant if caching else self._uncached

    def log(self, request: Any) -> None:
        """An answer is complete."""
        now = self.clock.seconds()
        self.journal.ended(request.visit, request.status, now)

    def left(self, request: McpRequest) -> None:
        """A client left before its answer was complete."""
        now = self.clock.seconds()
        self.journal.ended(request.visit, request.status or GONE, now)

    def released(self, request: McpRequest) -> None:
        """A request's body is no longer held."""
        self.held -= request.held
        request.held = 0

    def arrived(self, channel: McpChannel) -> None:
        """A connection is open. Of those that are too many the oldest makes way."""
        self._channels.add(channel)
        if not channel.crowded:
            self._served += 1
            return
        limits = self.limits
        if len(self._channels) - self._served > limits.queue + limits.closing:
            channel.make_way()
            return
        self._queue[channel] = None
        if len(self._queue) > limits.queue:
            oldest = next(iter(self._queue))
            del self._queue[oldest]
            oldest.make_way()

    def rests(self, channel: McpChannel) -> None:
        """A connection waits for its next request. It may go on without a word."""
        self._rested.pop(channel, None)
        self._rested[channel] = None

    def departed(self, channel: McpChannel) -> None:
        """A connection is closed."""
        self._channels.discard(channel)
        self._rested.pop(channel, None)
        if channel.crowded:
            self._queue.pop(channel, None)
        else:
            self._served -= 1
        if not self._channels:
            self._forget_idle()
            waiting, self._empty = self._empty, []
            for waiter in waiting:
                waiter.callback(None)

    @property
    def may_bring_work(self) -> bool:
        """Whether a connection that is open now may still bring a request."""
        return any(channel.phase in _READING for channel in self._channels)

    def drain(self) -> None:
        """Let every answer be the last of its connection; close what stays idle.

        Not at once: a request may be on its way on a connection that looks idle, and
        its client could not tell whether it was executed.
        """
        self.draining = True
        for channel in tuple(self._channels):
            if channel.flushes:
                channel.loseConnection()
            else:
                channel.persistent = 0
        self._close_idle_soon()

    def _close_idle_soon(self) -> None:
        if self.draining and self._channels and self._closing_idle is None:
            seconds = self.limits.last_request
            self._closing_idle = self.clock.callLater(seconds, self._look_once_more)

    def _look_once_more(self) -> None:
        # After a long turn of the reactor timers run before what has arrived is read.
        self._closing_idle = self.clock.callLater(0, self._close_idle)

    def _close_idle(self) -> None:
        self._closing_idle = None
        for channel in tuple(self._channels):
            if channel.phase in (Phase.IDLE, Phase.FRESH):
                channel.loseConnection()

    def _forget_idle(self) -> None:
        timer, self._closing_idle = self._closing_idle, None
        if timer is not None:
            timer.cancel()

    def abort(self) -> None:
        """Cut every connection."""
        self._forget_idle()
        for channel in tuple(self._channels):
            channel.transport.abortConnection()

    def when_empty(self) -> Deferred[None]:
        """Fire when the last connection is closed and its bytes are written."""
        if not self._channels:
            return succeed(None)
        self._close_idle_soon()
        waiter: Deferred[None] = Deferred(self._empty.remove)
        self._empty.append(waiter)
        return waiter
