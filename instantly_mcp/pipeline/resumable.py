"""Event streams of a legacy session that a client may lose and take up again.

Every event carries an id that names its stream and its place in it, so that
``Last-Event-ID`` replays that stream and no other, and only to the session it belongs
to. A stream that lost its connection keeps its events for a while, within bounds.
"""

from __future__ import annotations

from collections import deque
from secrets import token_hex

from attrs import define, evolve, field
from zope.interface import implementer

from .._json import JsonObject, dumps
from ..protocol.interfaces import IOutlet
from .channel import Channel, Event

RETRY_MS = 1000
"""After how many milliseconds a client should come back."""

MAX_KEPT_BYTES = 1 << 20
MAX_DIGITS = 18
MAX_STREAMS = 32
"""Streams that one session keeps for resumption, open ones included.

More may be open at a time: the oldest then go on, but cannot be resumed.
"""


@implementer(IOutlet)
@define(eq=False)
class ResumableStream:
    """One event stream and what is kept of it.

    :param primed: it begins with an empty event whose id the client can resume from.
    """

    id: str = field(factory=lambda: token_hex(8))
    primed: bool = False
    channel: Channel | None = None
    is_over: bool = False
    _kept: deque[Event] = field(factory=deque, init=False)
    _kept_bytes: int = field(default=0, init=False)
    _next: int = field(default=0, init=False)

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
        for event in self._kept:
            if _place_in(event.id) > place:
                channel.send(event)
        if self.is_over:
            channel.close()
        return channel

    def send(self, message: JsonObject) -> None:
        """Send and keep a message."""
        self._put(Event(data=dumps(message), name="message"))

    def close(self) -> None:
        """The stream is complete: what is kept can still be replayed."""
        self.is_over = True
        if self.channel is not None:
            self.channel.close()

    def interrupt(self) -> None:
        """Close the connection; the client comes back with its last event id."""
        if self.channel is not None:
            self.channel.close()

    def _attach(self) -> Channel:
        channel = Channel()
        self.channel = channel

        def lost() -> None:
            if self.channel is channel:
                self.channel = None

        channel.when_closed(lost)
        return channel

    def _put(self, event: Event) -> None:
        numbered = evolve(event, id=f"{self.id}_{self._next}")
        self._next += 1
        self._kept.append(numbered)
        self._kept_bytes += len(numbered.data)
        while self._kept_bytes > MAX_KEPT_BYTES and len(self._kept) > 1:
            self._kept_bytes -= len(self._kept.popleft().data)
        if self.channel is not None:
            self.channel.send(numbered)


@define(eq=False)
class StreamLog:
    """The resumable streams of one session, oldest first, bounded."""

    _streams: dict[str, ResumableStream] = field(factory=dict, init=False)

    def new(self, primed: bool) -> ResumableStream:
        """Return a new stream; the oldest that is over, or lost, is forgotten."""
        if len(self._streams) >= MAX_STREAMS:
            self._make_room()
        stream = ResumableStream(primed=primed)
        self._streams[stream.id] = stream
        return stream

    def find(self, last_event_id: str) -> tuple[ResumableStream, int] | None:
        """Return the stream that an event id names, and the event's place in it."""
        stream_id, _, place = last_event_id.rpartition("_")
        stream = self._streams.get(stream_id)
        if stream is None or not place.isascii() or not place.isdigit():
            return None
        if len(place) > MAX_DIGITS:
            return None
        return stream, int(place)

    def _make_room(self) -> None:
        for stream in self._streams.values():
            if stream.is_over or stream.channel is None:
                del self._streams[stream.id]
                return
        # Every one is being read: closing one would cost its client an answer.
        del self._streams[next(iter(self._streams))]


def _place_in(event_id: str | None) -> int:
    return int((event_id or "_-1").rpartition("_")[2])
