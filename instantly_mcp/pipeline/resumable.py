"""Event streams of a legacy session that a client may lose and take up again.

Every event carries an id that names its stream and its place in it, so that
``Last-Event-ID`` replays that stream and no other, and only to the session it belongs
to. A stream that lost its connection keeps its events for a while, within bounds: of
its session, and of all sessions together. What its client would miss least goes first.
Only a call that still runs keeps its stream for as long as it takes.
"""

from __future__ import annotations

from enum import IntEnum
from functools import partial
from secrets import token_hex
from typing import Protocol

from attrs import define, evolve, field
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from .._json import JsonObject, dumps
from ..protocol.interfaces import IOutlet
from .channel import Channel, Event

RETRY_MS = 1000
"""After how many milliseconds a client should come back."""

MAX_KEPT_BYTES = 1 << 20
"""What the streams of one session may keep together: no more than a replay can hold."""

MAX_TOTAL_BYTES = 64 << 20
"""What the streams of all sessions may keep together."""

EVENT_BYTES = 256
STREAM_BYTES = 1024
"""What an event and a stream take besides their data."""

KEPT_SECONDS = 300.0
"""How long a stream can be taken up that is over, or that no call needs."""

SWEEP_SECONDS = 60.0
"""How often `Retention.sweep` should be called."""

MAX_DIGITS = 18
MAX_STREAMS = 32
"""Streams that one session keeps for resumption, open ones included.

More may be open at a time; those that are needed least go on, but cannot be resumed.
"""


class Need(IntEnum):
    """How much a client would miss what a stream keeps.

    What was delivered, as far as we know, it needs no more. What it is reading it may
    yet lose; an answer that came while nobody was there it will fetch; and a call that
    still runs without its connection has no other way to be answered.
    """

    DELIVERED = 0
    OPEN = 1
    UNREAD = 2
    AWAITED = 3


class Keeper(Protocol):
    """Whoever a stream tells how much more, or less, it keeps."""

    def kept(self, stream: ResumableStream, more: int) -> None:
        """Note the change; drop what is too much."""

    def set_aside(self, stream: ResumableStream) -> None:
        """Note that the stream is kept only for a client that may come back."""


@implementer(IOutlet)
@define(eq=False)
class ResumableStream:
    """One event stream and what is kept of it.

    :param keeper: bounds what is kept; ``None`` once nothing is kept any more.
    :param primed: it begins with an empty event whose id the client can resume from.
    :param is_answer: a call is answered on it; others carry messages of no request.
    :ivar aside_since: clock seconds, noted by its keeper.
    """

    keeper: Keeper | None
    primed: bool = False
    is_answer: bool = False
    id: str = field(factory=lambda: token_hex(8), init=False)
    channel: Channel | None = field(default=None, init=False)
    is_over: bool = field(default=False, init=False)
    aside_since: float | None = field(default=None, init=False)
    kept_bytes: int = field(default=STREAM_BYTES, init=False)
    _unread: bool = field(default=False, init=False)
    _kept: list[Event] = field(factory=list, init=False)
    _next: int = field(default=0, init=False)

    @property
    def need(self) -> Need:
        """How much its client would miss it."""
        if self.is_over:
            return Need.UNREAD if self._unread else Need.DELIVERED
        is_awaited = self.is_answer and self.channel is None
        return Need.AWAITED if is_awaited else Need.OPEN

    def open(self) -> Channel:
        """Return the first channel, primed if the revision has that."""
        channel = self._attach()
        if self.primed:
            self._put(Event(data=b"", retry=RETRY_MS))
        return channel

    def resume(self, place: int) -> Channel:
        """Return a new channel that begins after the event at `place`.

        A connection that still held the stream is closed: a stream has one reader.
        """
        if self.channel is not None:
            old, self.channel = self.channel, None
            old.close()
        channel = self._attach()
        if not self.is_over:
            self.aside_since = None
        for event in self._kept:
            if _place_in(event.id) > place:
                channel.send(event)
        if self.is_over:
            self._unread = False
            channel.close()
        return channel

    def send(self, message: JsonObject) -> None:
        """Send and keep a message."""
        self._put(Event(data=dumps(message), name="message"))

    def close(self) -> None:
        """The stream is complete: what is kept can still be replayed."""
        if self.is_over:
            return
        self.is_over = True
        self._unread = self.channel is None
        if self.channel is not None:
            self.channel.close()
        self._set_aside()

    def interrupt(self) -> None:
        """Close the connection; the client comes back with its last event id."""
        if self.channel is not None:
            self.channel.close()

    def _attach(self) -> Channel:
        channel = Channel()
        self.channel = channel
        channel.when_closed(partial(self._lost, channel))
        return channel

    def _lost(self, channel: Channel) -> None:
        if self.channel is channel:
            self.channel = None
            if not self.is_answer and not self.is_over:
                self._set_aside()

    def _set_aside(self) -> None:
        if self.keeper is not None:
            self.keeper.set_aside(self)

    def drop_oldest(self) -> bool:
        """Keep one event less. The last one, which may be the result, stays."""
        if len(self._kept) <= 1:
            return False
        self._count(-_bytes_of(self._kept.pop(0)))
        return True

    def forget(self) -> None:
        """Keep nothing any more. Whoever reads the stream now reads on."""
        self._kept.clear()
        self._count(-self.kept_bytes)
        self.keeper = None

    def _put(self, event: Event) -> None:
        numbered = evolve(event, id=f"{self.id}_{self._next}")
        self._next += 1
        if self.keeper is not None:
            self._kept.append(numbered)
            self._count(_bytes_of(numbered))
        if self.channel is not None:
            self.channel.send(numbered)

    def _count(self, more: int) -> None:
        self.kept_bytes += more
        if self.keeper is not None:
            self.keeper.kept(self, more)


@define(eq=False)
class Retention:
    """All streams of all sessions that are kept for resumption, oldest first, bounded.

    :param clock: for the time that a stream which was set aside is kept.
    """

    clock: IReactorTime
    max_bytes: int = MAX_TOTAL_BYTES
    kept_bytes: int = field(default=0, init=False)
    _logs: dict[ResumableStream, StreamLog] = field(factory=dict, init=False)

    def add(self, stream: ResumableStream, log: StreamLog) -> None:
        """Count a new stream."""
        self._logs[stream] = log

    def kept(self, more: int) -> None:
        """Note that more, or less, is kept; what is too much is dropped at once.

        An eighth more than must be is dropped, so that it need not be done often.
        """
        self.kept_bytes += more
        if more <= 0 or self.kept_bytes <= self.max_bytes:
            return
        for stream in sorted(self._logs, key=_need_of):
            if self.kept_bytes <= self.max_bytes * 7 // 8:
                return
            self._logs[stream].forget(stream)

    def set_aside(self, stream: ResumableStream) -> None:
        """Note since when only a client that comes back needs the stream."""
        stream.aside_since = self.clock.seconds()

    def is_stale(self, stream: ResumableStream) -> bool:
        """Say whether its client has not come back to the stream for too long."""
        since = stream.aside_since
        return since is not None and self.clock.seconds() - since >= KEPT_SECONDS

    def drop(self, stream: ResumableStream) -> None:
        """Count the stream no more."""
        del self._logs[stream]

    def sweep(self) -> None:
        """Forget the streams to which nobody came back."""
        for stream, log in list(self._logs.items()):
            if self.is_stale(stream):
                log.forget(stream)


@define(eq=False)
class StreamLog:
    """The resumable streams of one session, oldest first, bounded."""

    retention: Retention
    kept_bytes: int = field(default=0, init=False)
    _streams: dict[str, ResumableStream] = field(factory=dict, init=False)

    def new(self, primed: bool, is_answer: bool = False) -> ResumableStream:
        """Return a new stream. Where there are too many, the least needed one goes."""
        if len(self._streams) >= MAX_STREAMS:
            self.forget(min(self._streams.values(), key=_need_of))
        stream = ResumableStream(self, primed, is_answer)
        self._streams[stream.id] = stream
        self.retention.add(stream, self)
        self.kept(stream, stream.kept_bytes)
        return stream

    def find(self, last_event_id: str) -> tuple[ResumableStream, int] | None:
        """Return the stream that an event id names, and the event's place in it."""
        stream_id, _, place = last_event_id.rpartition("_")
        stream = self._streams.get(stream_id)
        if stream is None or not place.isascii() or not place.isdigit():
            return None
        if len(place) > MAX_DIGITS:
            return None
        if self.retention.is_stale(stream):
            self.forget(stream)
            return None
        return stream, int(place)

    def kept(self, stream: ResumableStream, more: int) -> None:
        """Note the change; what the session keeps too much is dropped."""
        self.kept_bytes += more
        self.retention.kept(more)
        if more + STREAM_BYTES > MAX_KEPT_BYTES:
            # No replay could hold this event: do not sacrifice the others to it.
            self.forget(stream)
        while more > 0 and self.kept_bytes > MAX_KEPT_BYTES:
            self._drop_for(stream)

    def set_aside(self, stream: ResumableStream) -> None:
        """Note that the stream is kept only for a client that may come back."""
        self.retention.set_aside(stream)

    def forget(self, stream: ResumableStream) -> None:
        """Keep nothing of the stream: it cannot be resumed any more."""
        if self._streams.pop(stream.id, None) is not None:
            stream.forget()
            self.retention.drop(stream)

    def clear(self) -> None:
        """Forget all of them: the session is over."""
        for stream in list(self._streams.values()):
            self.forget(stream)

    def _drop_for(self, stream: ResumableStream) -> None:
        """Drop something, so that there is room for what the stream keeps now.

        First what was delivered; then the stream's own oldest events; then a stream
        that is needed less; and the stream itself if there is none.
        """
        least = min(self._streams.values(), key=_need_of)
        if least.need is Need.DELIVERED or not stream.drop_oldest():
            self.forget(least if least.need < stream.need else stream)


def _need_of(stream: ResumableStream) -> Need:
    return stream.need


def _bytes_of(event: Event) -> int:
    return len(event.data) + EVENT_BYTES


def _place_in(event_id: str | None) -> int:
    return int((event_id or "_-1").rpartition("_")[2])
