"""What MCP needs from the rest of the daemon, in its own terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred
from zope.interface import Interface

from .._json import JsonObject

Work: TypeAlias = "Deferred[Any]"
"""Something under way, whatever it comes to."""


class IOutlet(Interface):
    """Where notifications that belong to one request (or one session) go."""

    def send(message: JsonObject) -> None:
        """Send a notification object; silently dropped once the outlet is closed."""

    def close() -> None:
        """End the stream behind this outlet, if there is one."""

    def interrupt() -> None:
        """Close the connection but keep the stream, for a client that will resume it.

        Does nothing where resumption does not exist.
        """


class IHeaders(Interface):
    """The HTTP headers of a request, as plain text."""

    def all(name: str) -> Sequence[str]:
        """Return every value of the header `name` (given in lower case), in order."""


class ISeal(Interface):
    """Turns small state into tokens that a client can carry but not change."""

    def seal(purpose: str, payload: bytes) -> str:
        """Return visible ASCII that only `unseal` of the same purpose opens."""

    def unseal(purpose: str, token: str) -> bytes | None:
        """Return the payload, or ``None`` for anything we did not seal."""


class ITracker(Interface):
    """Knows what must finish before the daemon stops."""

    def track(work: Work) -> None:
        """Hold the daemon's stop until `work` fires (within the drain's deadline)."""
