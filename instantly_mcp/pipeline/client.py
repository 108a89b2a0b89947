"""The name of the client that sent an exchange, as the client states it."""

from __future__ import annotations

from ..protocol.wire.client_label import UNNAMED, client_info_in, client_label
from ..protocol.wire.jsonrpc import Notification, Request
from .exchange import Exchange

__all__ = ("UNNAMED", "client_of")

_WITH_PARAMS = (Request, Notification)


def client_of(exchange: Exchange) -> str:
    """Return ``name/version`` of a decoded exchange's client, ``-`` if unknown.

    The name in the message comes first, then the one of its session's ``initialize``.
    """
    message, session = exchange.message, exchange.session
    credential = exchange.credential
    stated = (
        client_info_in(message.params) if isinstance(message, _WITH_PARAMS) else None
    )
    if stated is None:
        if session is None:
            return UNNAMED
        if credential is None or session.credential is not None:
            # This label was made once, with the session's own key redacted.
            return session.client
        stated = (session.client_name, session.client_version)
    name, version = stated
    return client_label(
        name, version, None if credential is None else credential.secret
    )
