"""The session eras, 2024-11-05 to 2025-11-25: their method table and notifications.

What these eras lack is absent from the table.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..calls.call import Caller
from ..server_features import NO_CAPABILITIES, Method, Offer, Result, Turn
from ..wire.errors import invalid_params
from ..wire.jsonrpc import Notification, Request
from ..wire.log_levels import LOG_LEVELS
from ..wire.versions import negotiate
from .resources import subscribe, unsubscribe
from .table import common_methods


def initialize(offer: Offer, turn: Turn) -> Result:
    """``initialize``: agree on a revision and say what there is."""
    revision = negotiate(turn.params.get("protocolVersion"))
    session = turn.caller.session
    if session is not None:
        session.revision = revision
        session.introduce(turn.params)
    server = dict(offer.info.as_object())
    if not revision.structured:
        del server["title"]
    return {
        "protocolVersion": revision.version,
        "capabilities": offer.capabilities(revision),
        "serverInfo": server,
        "instructions": offer.info.instructions,
    }


def ping(offer: Offer, turn: Turn) -> Result:
    """``ping``: an empty object, and nothing but that."""
    return {}


def set_level(offer: Offer, turn: Turn) -> Result:
    """``logging/setLevel``: for the session; without one there is nothing to keep."""
    level = turn.params.get("level")
    if level not in LOG_LEVELS:
        raise invalid_params("level must be one of " + ", ".join(LOG_LEVELS))
    if turn.caller.session is not None:
        turn.caller.session.log_level = level
    return {}


def methods(offer: Offer) -> Mapping[str, Method]:
    """Return the table of these eras for what is on offer."""
    table = common_methods(offer)
    table["initialize"] = initialize
    table["ping"] = ping
    table["logging/setLevel"] = set_level
    if offer.has_resources:
        table["resources/subscribe"] = subscribe
        table["resources/unsubscribe"] = unsubscribe
    return table


def turn_of(request: Request, caller: Caller) -> Turn:
    """Return the request with what its session knows."""
    session = caller.session
    if session is None:
        return Turn(request=request, caller=caller, capabilities=NO_CAPABILITIES)
    return Turn(
        request=request,
        caller=caller,
        log_level=session.log_level,
        capabilities=session.capabilities,
    )


def notified(notification: Notification, caller: Caller) -> None:
    """Take a notification. Unknown ones are ignored, as JSON-RPC demands."""
    if notification.method == "notifications/cancelled" and caller.session is not None:
        id = notification.params.get("requestId")
        # JSON's true equals 1 as a key, but it is no id.
        if isinstance(id, str | int) and not isinstance(id, bool):
            call = caller.session.calls.get(id)
            if call is not None:
                call.cancel()
