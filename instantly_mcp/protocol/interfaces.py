"""Interfaces that the protocol needs and that other packages provide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred
from zope.interface import Interface

from .._json_codec import JsonObject

PendingWork: TypeAlias = "Deferred[Any]"
"""Work in progress with a result of any type."""


class INotificationSink(Interface):
    """Takes the notifications that belong to one request, or to one session."""

    def send(message: JsonObject) -> None:
        """Send a notification object; drop it silently after `close`."""

    def close() -> None:
        """End the stream that the notifications are written to, if there is one."""

    def interrupt() -> None:
        """Close the connection but keep the stream, so that the client can resume it.

        Does nothing for a stream that cannot be resumed.
        """


class IHeaders(Interface):
    """The HTTP headers of a request, as plain text."""

    def all(name: str) -> Sequence[str]:
        """Return every value of the header `name` (given in lower case), in order."""


class ITokenSealer(Interface):
    """Turns small state into tokens that a client can hold but cannot change."""

    def seal(purpose: str, payload: bytes) -> str:
        """Return a token of visible ASCII; only `unseal` with this purpose opens it."""

    def unseal(purpose: str, token: str) -> bytes | None:
        """Return the payload.

        ``None`` for a token that `seal` did not make, made for another purpose, or made
        with a key that is no longer used.
        """


class ITracker(Interface):
    """Tracks the work that must finish before the daemon stops."""

    def track(work: PendingWork) -> None:
        """Delay the daemon's stop until `work` fires or the drain deadline passes."""
