"""What the book of connection tokens needs from other packages."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.defer import Deferred
from zope.interface import Interface

from .token import ConnectionToken


class ITokenStore(Interface):
    """Stores the connection tokens beyond the end of the process."""

    def tokens() -> Deferred[Sequence[ConnectionToken]]:
        """Return all tokens, also those that have ended."""

    def add(token: ConnectionToken) -> Deferred[None]:
        """Store a new token; it is on the disk when the Deferred fires."""

    def change(token: ConnectionToken) -> Deferred[None]:
        """Store the level, the toolsets and the state of a token.

        A token that is stored as ended stays ended, whatever is stored later.
        """

    def used(token_id: str, at: float) -> Deferred[None]:
        """Store the time of a token's last use, in seconds since the epoch."""
