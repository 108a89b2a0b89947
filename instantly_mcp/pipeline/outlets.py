"""Outlets onto event streams: how a message becomes an event."""

from __future__ import annotations

from attrs import frozen
from zope.interface import implementer

from .._json import JsonObject, dumps
from ..protocol.interfaces import IOutlet
from .channel import Channel, Event


def message_event(message: JsonObject) -> Event:
    """Return the event that carries a JSON-RPC message."""
    return Event(data=dumps(message), name="message")


@implementer(IOutlet)
@frozen(eq=False)
class ChannelOutlet:
    """Sends messages as events on a channel that cannot be resumed."""

    channel: Channel

    def send(self, message: JsonObject) -> None:
        self.channel.send(message_event(message))

    def close(self) -> None:
        self.channel.close()

    def interrupt(self) -> None:
        """A stream that cannot be resumed is not interrupted."""
