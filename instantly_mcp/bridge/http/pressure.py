"""Stops reading from the daemon while the client leaves its messages unread."""

from __future__ import annotations

from typing import Protocol

from attrs import define, field


class Pausable(Protocol):
    """What delivers the body of a reply."""

    def pauseProducing(self) -> None:
        """Deliver nothing until `resumeProducing`."""

    def resumeProducing(self) -> None:
        """Deliver again."""


@define(eq=False)
class Pressure:
    """The replies that are being read, all of which can be paused.

    Nothing else needs a limit: each reply that is paused holds at most one message and
    one read of its socket.
    """

    high: bool = field(default=False, init=False)
    _open: set[Pausable] = field(factory=set, init=False, repr=False)

    def add(self, reply: Pausable) -> None:
        """Pause this reply too while the pressure is high."""
        self._open.add(reply)
        if self.high:
            reply.pauseProducing()

    def remove(self, reply: Pausable) -> None:
        """Stop doing so: the reply is over."""
        self._open.discard(reply)

    def change(self, high: bool) -> None:
        """Note whether the client leaves too much unread."""
        if high == self.high:
            return
        self.high = high
        for reply in list(self._open):
            if high:
                reply.pauseProducing()
            else:
                reply.resumeProducing()
