"""Writes the pipeline's replies as HTTP responses.

This module alone starts, writes and aborts the response to an MCP request: with two
owners a response may be ended twice or never, or get bytes of another one. An answer is
written in one piece, and Klein ends it when the route returns ``None``. A stream ends
its response itself, and Klein gets `BEGUN`, which leaves the response open: if Klein
waited for the end, its objects would take as much memory as the rest of an idle stream.

A stream is a producer of its connection. While the client does not read, events wait in
the stream's own backlog; a client that leaves stops the producer, which abandons the
channel and so notifies the call.
"""

# twisted.web's Resource is not annotated.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from attrs import define
from twisted.internet.interfaces import IPushProducer
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer

from ..pipeline.replies.channel import Channel, Event
from ..pipeline.replies.reply import EventStream, HeaderPairs, Reply
from .http.limits import WebLimits
from .interfaces import ResponseWriter
from .sse_writer import KEEP_ALIVE, encode

STREAM_HEADERS: HeaderPairs = (
    ("Content-Type", "text/event-stream"),
    # no-transform, because a proxy that compresses delays events until it has a block.
    ("Cache-Control", "no-store, no-transform"),
    ("X-Accel-Buffering", "no"),
)


class Streams:
    """The open event streams of the daemon, kept alive by one periodic timer.

    :param limits: of each backlog and of all of them.
    :param turns: `keep_alive` writes to one of so many groups of streams at a time.
        With thousands of streams a single pass would block all requests meanwhile.
    """

    def __init__(self, limits: WebLimits, turns: int = 1) -> None:
        self.limits = limits
        self.backlog_bytes = 0
        self._groups: Sequence[set[Stream]] = [set() for _ in range(turns)]
        self._turn = 0
        self._behind: dict[Stream, None] = {}

    @property
    def count(self) -> int:
        """How many streams are open."""
        return sum(map(len, self._groups))

    def keep_alive(self) -> None:
        """Write a comment to the streams of the next group."""
        group = self._groups[self._turn]
        self._turn = (self._turn + 1) % len(self._groups)
        for stream in tuple(group):
            stream.keep_alive()

    def end_all(self) -> None:
        """End every stream after the events that were sent on it."""
        for stream in [stream for group in self._groups for stream in group]:
            stream.end()

    def opened(self, stream: Stream) -> None:
        """Add a stream to the smallest group."""
        min(self._groups, key=len).add(stream)

    def over(self, stream: Stream) -> None:
        """Remove a stream. Idempotent."""
        for group in self._groups:
            group.discard(stream)

    def held(self, stream: Stream, size: int) -> None:
        """Count bytes in the backlog of `stream`; beyond the limit drop streams.

        Those that have had a backlog for longest are dropped first.
        """
        self._behind.setdefault(stream)
        self.backlog_bytes += size
        while self.backlog_bytes > self.limits.unread_events_bytes and self._behind:
            next(iter(self._behind)).drop()

    def freed(self, stream: Stream, size: int, *, behind: bool) -> None:
        """Count bytes that left the backlog of `stream`.

        :param behind: some are left.
        """
        self.backlog_bytes -= size
        if not behind:
            self._behind.pop(stream, None)


@implementer(IPushProducer)
class Stream:
    """Writes the events of one channel to one response.

    While the client does not read, events wait here, up to `WebLimits.backlog_bytes`.
    It ends the response after the last event. `stopProducing` means that the client has
    left.
    """

    __slots__ = (
        "_backlog",
        "_backlog_bytes",
        "_channel",
        "_ending",
        "_over",
        "_paused",
        "_request",
        "_streams",
    )

    def __init__(
        self, request: ResponseWriter, channel: Channel, streams: Streams
    ) -> None:
        self._request = request
        self._channel = channel
        self._streams = streams
        self._backlog: deque[bytes] | None = None
        self._backlog_bytes = 0
        self._paused = False
        self._ending = False
        self._over = False

    def begin(self, headers: HeaderPairs) -> None:
        """Start the response and attach to the channel."""
        self._streams.opened(self)
        self._request.start(200, headers, None)
        self._request.registerProducer(self, True)
        try:
            self._channel.attach(self._take, self._ended)
        except Exception:
            self._leave()
            raise
        if not self._over:
            self._request.settle()

    def keep_alive(self) -> None:
        """Write a comment, so that client and proxies do not time out."""
        if self._over:
            return
        if not self._paused:
            self._request.watch_reader()
            self._request.write(KEEP_ALIVE)

    def end(self) -> None:
        """End the stream after the events that were sent on it."""
        self._channel.close()

    def drop(self) -> None:
        """Abort the connection, because the client does not read."""
        if self._leave():
            self._request.unregisterProducer()
            self._channel.abandon()
            self._request.abort()

    def pauseProducing(self) -> None:
        """Keep events in the backlog: the client reads too slowly."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Write the backlog, as far as the client reads it."""
        self._paused = False
        while self._backlog and not self._paused and not self._over:
            data = self._backlog.popleft()
            self._backlog_bytes -= len(data)
            self._streams.freed(self, len(data), behind=bool(self._backlog))
            self._request.write(data)
        self._finish_if_done()

    def stopProducing(self) -> None:
        """Abandon the channel: the connection is lost."""
        if self._leave():
            self._channel.abandon()

    def _take(self, event: Event) -> None:
        if self._over:
            return
        data = encode(event)
        if not self._paused and not self._backlog:
            self._request.write(data)
            return
        if self._backlog_bytes + len(data) > self._streams.limits.backlog_bytes:
            self.drop()
            return
        self._backlog_bytes += len(data)
        if self._backlog is None:
            self._backlog = deque()
        self._backlog.append(data)
        self._streams.held(self, len(data))

    def _ended(self) -> None:
        self._ending = True
        self._finish_if_done()

    def _finish_if_done(self) -> None:
        if self._ending and not self._backlog and self._leave():
            self._request.unregisterProducer()
            self._request.finish()

    def _leave(self) -> bool:
        """Mark the stream as over and release its backlog; say whether it was open."""
        if self._over:
            return False
        self._over = True
        self._backlog = None
        self._streams.freed(self, self._backlog_bytes, behind=False)
        self._backlog_bytes = 0
        self._streams.over(self)
        return True


class _Begun(Resource):
    """Tells Klein that a response has begun and will be ended elsewhere."""

    isLeaf = True

    def render(self, request: IRequest) -> int:
        """Do nothing: the response has begun."""
        return NOT_DONE_YET


BEGUN: IResource = _Begun()


@define(eq=False)
class Delivery:
    """Writes replies.

    :param streams: counts the open event streams and keeps them alive.
    """

    streams: Streams

    def deliver(
        self,
        request: ResponseWriter,
        reply: Reply,
        extra: Sequence[tuple[str, str]] = (),
    ) -> IResource | None:
        """Write the reply.

        :param extra: more headers, which do not depend on the reply.
        :returns: for Klein: ``None`` when it has to end the response, else `BEGUN`.
        """
        if not isinstance(reply, EventStream):
            if not request.gone:
                request.answer(reply, extra)
            return None
        if request.gone:
            reply.channel.abandon()
            return None
        headers = (*STREAM_HEADERS, *reply.headers, *extra)
        if request.method == b"HEAD":
            reply.channel.abandon()
            request.start(200, headers, 0)
            return None
        Stream(request, reply.channel, self.streams).begin(headers)
        return BEGUN
