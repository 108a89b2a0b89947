"""Outlets: notifications of one session onto the channel of an open event stream."""

from __future__ import annotations

from attrs import frozen
from zope.interface import implementer

from .._json import JsonObject
from ..pipeline.answering import message_event
from ..pipeline.channel import Channel
from ..protocol.interfaces import IOutlet


@implementer(IOutlet)
@frozen(eq=False)
class ChannelOutlet:
    """Sends messages as ``message`` events on a channel."""

    channel: Channel

    def send(self, message: JsonObject) -> None:
        self.channel.send(message_event(message))

    def close(self) -> None:
        self.channel.close()

    def interrupt(self) -> None:
        """The stream of 2024-11-05 cannot be resumed, so it is not interrupted."""
