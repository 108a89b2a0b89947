"""Event streams of a legacy session that a client may lose and resume.

Every event has an id that names its stream and its place in the stream. So
``Last-Event-ID`` replays that stream only, and only to the session that it belongs to.
A stream that lost its connection keeps its events for some time, within bounds: see
`retention`.
"""

from __future__ import annotations

from enum import IntEnum
from functools import partial
from secrets import token_hex
from typing import Protocol

from attrs import define, evolve, field
from zope.interface import implementer

from ..._json_codec import JsonObject
from ...protocol.interfaces import INotificationSink
from .channel import Channel, Event, message_event
from .repeats import OpenCall

RETRY_MS = 1000
"""Milliseconds after which a client should reconnect."""

EVENT_OVERHEAD_BYTES = 256
STREAM_OVERHEAD_BYTES = 1024
"""Memory of an event and of a stream besides their data."""

MAX_DIGITS = 18


class Need(IntEnum):
    """How much the client of a stream needs what the stream keeps, least first.

    `DELIVERED`: the stream is complete and, as far as the server knows, was read.
    `OPEN`: the client is connected, but may lose its connection.
    `UNREAD`: the stream is complete, and ended while the client was not connected.
    `AWAITED`: a call still runs whose client is not connected. Its answer would be lost
    without the stream.
    """

    DELIVERED = 0
    OPEN = 1
    UNREAD = 2
    AWAITED = 3


class Keeper(Protocol):
    """Limits what streams keep."""

    def kept(self, stream: ResumableStream, more: int) -> None:
        """Count `more` bytes (negative for fewer); forget events over the limit."""

    def set_aside(self, stream: ResumableStream) -> None:
        """Note that the stream is kept only for a client that may come back."""


@implementer(INotificationSink)
@define(eq=False)
class ResumableStream:
    """One event stream and the events that are kept of it.

    :param keeper: limits what is kept; ``None`` when nothing is kept any more.
    :param primed: the stream begins with an empty event, whose id the client can resume
        from before there is another.
    :param interruptible: clients of this stream reconnect after `interrupt`.
    :param is_answer: the stream answers a request; otherwise it carries messages that
        do not belong to a request.
    :ivar call: the tool call that is answered on it.
    :ivar aside_since: when it was set aside, in seconds on the clock of its keeper.
    """

    keeper: Keeper | None
    primed: bool = False
    is_answer: bool = False
    id: str = field(factory=lambda: token_hex(8))
    interruptible: bool = True
    channel: Channel | None = field(default=None, init=False)
    is_over: bool = field(default=False, init=False)
    call: OpenCall | None = field(default=None, init=False)
    aside_since: float | None = field(default=None, init=False)
    kept_bytes: int = field(default=STREAM_OVERHEAD_BYTES, init=False)
    _unread: bool = field(default=False, init=False)
    _kept: list[Event] = field(factory=list, init=False)
    _next: int = field(default=0, init=False)

    @property
    def need(self) -> Need:
        """How much its client needs it."""
        if self.is_over:
            return Need.UNREAD if self._unread else Need.DELIVERED
        is_awaited = self.is_answer and self.channel is None
        return Need.AWAITED if is_awaited else Need.OPEN

    def open(self) -> Channel:
        """Return the stream's first channel."""
        channel = self._attach()
        if self.primed:
            self.put(Event(data=b"", retry=RETRY_MS))
        return channel

    def resume(self, place: int, first: Event | None = None) -> Channel:
        """Return a new channel that begins after the event at `place`.

        The previous connection is closed if it is still open: a stream has one reader.

        :param first: an event to send before the replayed ones.
        """
        if self.channel is not None:
            old, self.channel = self.channel, None
            old.close()
        if place >= self._next:
            place = -1  # The id is from before a restart: same stream id, other events.
        channel = self._attach()
        if not self.is_over:
            self.aside_since = None
        if first is not None:
            channel.send(first)
        for event in self._kept:
            if _place_in(event.id) > place:
                channel.send(event)
        if self.is_over:
            self._unread = False
            channel.close()
        return channel

    def send(self, message: JsonObject) -> None:
        """Send and keep a message."""
        self.put(message_event(message))

    def close(self) -> None:
        """Complete the stream. Its events can still be replayed."""
        if self.is_over:
            return
        self.is_over = True
        self._unread = self.channel is None
        if self.channel is not None:
            self.channel.close()
        self._set_aside()

    def was_read(self) -> None:
        """Note that the kept answer reached its client in another way."""
        self._unread = False

    def interrupt(self) -> None:
        """Close the connection; the client reconnects with its last event id."""
        if self.interruptible and self.channel is not None:
            # This client reconnects, so an identical request is a new call.
            self.call = None
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
        """Forget the oldest event, if it is not the last, which may be the result.

        :returns: whether there was one to forget.
        """
        if len(self._kept) <= 1:
            return False
        self._count(-_bytes_of(self._kept.pop(0)))
        return True

    def forget(self) -> None:
        """Stop keeping events. A connected reader still gets new ones."""
        self._kept.clear()
        self.call = None
        self._count(-self.kept_bytes)
        self.keeper = None

    def put(self, event: Event) -> None:
        """Give an event its id, keep it and send it."""
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


def split_event_id(event_id: str) -> tuple[str, int | None]:
    """Return the stream and the place that an event id names.

    The place is ``None`` if it is not a number.
    """
    stream_id, _, place = event_id.rpartition("_")
    if not place.isascii() or not place.isdigit() or len(place) > MAX_DIGITS:
        return stream_id, None
    return stream_id, int(place)


def _bytes_of(event: Event) -> int:
    return len(event.data) + EVENT_OVERHEAD_BYTES


def _place_in(event_id: str | None) -> int:
    return int((event_id or "_-1").rpartition("_")[2])
