"""A bounded queue between a call and the event stream that carries its messages.

``web/delivery.py`` attaches the reader. Until then events wait here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attrs import frozen
from zope.interface import implementer

from ..._json_codec import JsonObject, dumps
from ...protocol.interfaces import INotificationSink

MAX_BACKLOG_BYTES = 1 << 20
"""Bytes that a client may leave unread before its stream is closed."""


@frozen(kw_only=True)
class Event:
    """One server-sent event.

    :param data: the payload, one line of JSON (or plain text).
    :param name: the ``event:`` field; ``message`` is the default of every client.
    :param id: the ``id:`` field, for resumption.
    :param retry: milliseconds for the ``retry:`` field.
    """

    data: bytes
    name: str | None = None
    id: str | None = None
    retry: int | None = None


def message_event(message: JsonObject) -> Event:
    """Return the event for a JSON-RPC message."""
    return Event(data=dumps(message), name="message")


class Channel:
    """Takes events from a call and passes them to one reader.

    Either side may close it; events sent later are dropped. Thousands may be open and
    idle, so each takes as little memory as it can.

    :param max_backlog: bytes that may wait until a reader is attached. Beyond that the
        channel closes.
    """

    __slots__ = (
        "_max_backlog",
        "_on_close",
        "_on_end",
        "_reader",
        "_waiting",
        "_waiting_bytes",
        "is_open",
    )

    def __init__(self, max_backlog: int = MAX_BACKLOG_BYTES) -> None:
        self._max_backlog = max_backlog
        self._waiting: deque[Event] | None = None
        self._waiting_bytes = 0
        self._reader: Callable[[Event], None] | None = None
        self._on_close: tuple[Callable[[], None], ...] = ()
        self._on_end: Callable[[], None] | None = None
        self.is_open = True

    def send(self, event: Event) -> None:
        """Pass an event to the reader, or keep it until there is one."""
        if not self.is_open:
            return
        if self._reader is not None:
            self._reader(event)
        else:
            self._hold(event)

    def attach(
        self, reader: Callable[[Event], None], on_end: Callable[[], None]
    ) -> None:
        """Call `reader` with the waiting events and with every later one.

        :param on_end: called once when the sender closes the channel.
        """
        self._reader = reader
        self._on_end = on_end
        while self._waiting:
            event = self._waiting.popleft()
            self._waiting_bytes -= len(event.data)
            reader(event)
        self._waiting = None
        if not self.is_open:
            on_end()

    def when_closed(self, callback: Callable[[], None]) -> None:
        """Call `callback` once when the channel closes, at once if it is closed."""
        if self.is_open:
            self._on_close += (callback,)
        else:
            callback()

    def close(self) -> None:
        """Close the channel; the reader still gets what was sent. Idempotent."""
        if not self.is_open:
            return
        self.is_open = False
        if self._on_end is not None:
            self._on_end()
        callbacks, self._on_close = self._on_close, ()
        for callback in callbacks:
            callback()

    def abandon(self) -> None:
        """Close the channel because its reader has left; drop the waiting events."""
        self._waiting = None
        self._waiting_bytes = 0
        self._on_end = None
        self.close()

    def _hold(self, event: Event) -> None:
        self._waiting_bytes += len(event.data)
        if self._waiting_bytes > self._max_backlog:
            self.abandon()
            return
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(event)


@implementer(INotificationSink)
@frozen(eq=False)
class ChannelSink:
    """Sends messages as events on a channel that cannot be resumed."""

    channel: Channel

    def send(self, message: JsonObject) -> None:
        self.channel.send(message_event(message))

    def close(self) -> None:
        self.channel.close()

    def interrupt(self) -> None:
        """Do nothing: this stream cannot be resumed."""
