"""The session eras, 2024-11-05 to 2025-11-25: their method table and notifications.

What these eras lack is absent from the table.
"""

from __future__ import annotations

from collections.abc import Mapping

from .call import Caller
from .jsonrpc import Notification, Request
from .methods import (
    Method,
    Offer,
    Result,
    Turn,
    call_tool,
    list_tools,
    ping,
    set_level,
)
from .versions import negotiate


def initialize(offer: Offer, turn: Turn) -> Result:
    """``initialize``: agree on a revision and say what there is."""
    revision = negotiate(turn.params.get("protocolVersion"))
    session = turn.caller.session
    if session is not None:
        session.revision = revision
    server = dict(offer.info.as_object())
    if not revision.structured:
        del server["title"]
    return {
        "protocolVersion": revision.version,
        "capabilities": {"tools": {}, "logging": {}},
        "serverInfo": server,
        "instructions": offer.info.instructions,
    }


METHODS: Mapping[str, Method] = {
    "initialize": initialize,
    "ping": ping,
    "tools/list": list_tools,
    "tools/call": call_tool,
    "logging/setLevel": set_level,
}


def turn_of(request: Request, caller: Caller) -> Turn:
    """Return the request with what its session knows."""
    session = caller.session
    level = None if session is None else session.log_level
    return Turn(request=request, caller=caller, log_level=level)


def notified(notification: Notification, caller: Caller) -> None:
    """Take a notification. Unknown ones are ignored, as JSON-RPC demands."""
    if notification.method == "notifications/cancelled" and caller.session is not None:
        id = notification.params.get("requestId")
        if isinstance(id, str | int):
            call = caller.session.calls.get(id)
            if call is not None:
                call.cancel()
