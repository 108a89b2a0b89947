"""Which client sent an exchange, by what it says of itself."""

from __future__ import annotations

from ..protocol.wire.client_label import UNNAMED, label_of, stated_by
from ..protocol.wire.jsonrpc import Notification, Request
from .exchange import Exchange

__all__ = ("UNNAMED", "client_of")

_WITH_PARAMS = (Request, Notification)


def client_of(exchange: Exchange) -> str:
    """Return ``name/version`` of a decoded exchange's client, ``-`` if unknown.

    The message's own statement counts, then what its session was opened with.
    """
    message, session = exchange.message, exchange.session
    credential = exchange.credential
    stated = stated_by(message.params) if isinstance(message, _WITH_PARAMS) else None
    if stated is None:
        if session is None:
            return UNNAMED
        if credential is None or session.credential is not None:
            # Made once, without the key that opened the session.
            return session.client
        stated = (session.client_name, session.client_version)
    name, version = stated
    return label_of(name, version, None if credential is None else credential.secret)
