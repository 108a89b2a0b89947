"""The single owner of a response: a reply of the pipeline becomes bytes here.

Nobody else starts, writes or drops a response that the pipeline answered. Klein ends
an answer once it is written. A stream ends itself: what Klein holds of a request until
it may end it is as much as all the rest of an idle stream.
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

from ..pipeline.channel import Channel, Event
from ..pipeline.reply import EventStream, HeaderPairs, Reply
from .interfaces import Response
from .limits import WebLimits
from .sse_writer import KEEP_ALIVE, encode

STREAM_HEADERS: HeaderPairs = (
    ("Content-Type", "text/event-stream"),
    # A proxy that compresses holds events back until it has a block of them.
    ("Cache-Control", "no-store, no-transform"),
    ("X-Accel-Buffering", "no"),
)


class Streams:
    """The open event streams of one daemon, kept alive by its one periodic timer.

    :param turns: in so many turns every stream is kept alive. With thousands of streams
        a single turn would hold up every request of that moment.
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
        """Write a comment on the streams whose turn it is."""
        group = self._groups[self._turn]
        self._turn = (self._turn + 1) % len(self._groups)
        for stream in tuple(group):
            stream.keep_alive()

    def end_all(self) -> None:
        """End every stream after what was sent on it."""
        for stream in self._all():
            stream.end()

    def drop_all(self) -> None:
        """Cut every stream."""
        for stream in self._all():
            stream.drop()

    def opened(self, stream: Stream) -> None:
        """Count a stream in, where there are fewest."""
        min(self._groups, key=len).add(stream)

    def over(self, stream: Stream) -> None:
        """Count a stream out. Idempotent."""
        for group in self._groups:
            group.discard(stream)

    def held(self, stream: Stream, size: int) -> None:
        """Count bytes that `stream` holds back; drop streams if that is too much.

        First those that have been behind for longest.
        """
        self._behind.setdefault(stream)
        self.backlog_bytes += size
        while self.backlog_bytes > self.limits.unread_events_bytes and self._behind:
            next(iter(self._behind)).drop()

    def freed(self, stream: Stream, size: int, *, behind: bool) -> None:
        """Count bytes that `stream` no longer holds back."""
        self.backlog_bytes -= size
        if not behind:
            self._behind.pop(stream, None)

    def _all(self) -> Sequence[Stream]:
        return [stream for group in self._groups for stream in group]


@implementer(IPushProducer)
class Stream:
    """Carries the events of one channel to one client.

    While the client does not read, events wait here, up to a limit of bytes. It ends
    the response when the last byte is handed over. That the client is gone it learns
    as every producer does.
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

    def __init__(self, request: Response, channel: Channel, streams: Streams) -> None:
        self._request = request
        self._channel = channel
        self._streams = streams
        self._backlog: deque[bytes] | None = None
        self._backlog_bytes = 0
        self._paused = False
        self._ending = False
        self._over = False

    def begin(self, headers: HeaderPairs) -> None:
        """Start the response and take over the channel."""
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
        """Show the client, and the proxies between, that the stream lives."""
        if self._over:
            return
        if not self._paused:
            self._request.watch_reader()
            self._request.write(KEEP_ALIVE)

    def end(self) -> None:
        """End the stream after what was sent on it."""
        self._channel.close()

    def drop(self) -> None:
        """Cut the connection: the client does not read."""
        if self._leave():
            self._request.unregisterProducer()
            self._channel.abandon()
            self._request.abort()

    def pauseProducing(self) -> None:
        """Hold events back: the client reads more slowly than we write."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Write what was held back, as far as the client takes it."""
        self._paused = False
        while self._backlog and not self._paused and not self._over:
            data = self._backlog.popleft()
            self._backlog_bytes -= len(data)
            self._streams.freed(self, len(data), behind=bool(self._backlog))
            self._request.write(data)
        self._finish_if_done()

    def stopProducing(self) -> None:
        """Stop for good: the connection is lost."""
        if self._leave():
            self._channel.abandon()

    def _take(self, event: Event) -> None:
        if self._over:
            return
        data = encode(event)
        if not self._paused and not self._backlog:
            self._request.write(data)
            return
        if self._backlog_bytes + len(data) > self._streams.limits.backlog:
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
        """Take the last step, once; say whether this was it."""
        if self._over:
            return False
        self._over = True
        self._backlog = None
        self._streams.freed(self, self._backlog_bytes, behind=False)
        self._backlog_bytes = 0
        self._streams.over(self)
        return True


class _Begun(Resource):
    """What Klein is given for a response that somebody else will end."""

    isLeaf = True

    def render(self, request: IRequest) -> int:
        """Do nothing: it has begun."""
        return NOT_DONE_YET


BEGUN: IResource = _Begun()


@define(eq=False)
class Delivery:
    """Turns replies into responses.

    :param streams: where event streams are counted and kept alive.
    """

    streams: Streams

    def deliver(
        self, request: Response, reply: Reply, extra: Sequence[tuple[str, str]] = ()
    ) -> IResource | None:
        """Write the reply. Return ``None`` when it only has to be ended.

        :param extra: headers that do not depend on the reply.
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
