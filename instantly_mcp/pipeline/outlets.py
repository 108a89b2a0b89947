"""Turns messages into events of a channel."""

from __future__ import annotations

from attrs import frozen
from zope.interface import implementer

from .._json_codec import JsonObject, dumps
from ..protocol.interfaces import INotificationSink
from .channel import Channel, Event


def message_event(message: JsonObject) -> Event:
    """Return the event for a JSON-RPC message."""
    return Event(data=dumps(message), name="message")


@implementer(INotificationSink)
@frozen(eq=False)
class ChannelOutlet:
    """Sends messages as events on a channel that cannot be resumed."""

    channel: Channel

    def send(self, message: JsonObject) -> None:
        self.channel.send(message_event(message))

    def close(self) -> None:
        self.channel.close()

    def interrupt(self) -> None:
        """Do nothing: this stream cannot be resumed."""
