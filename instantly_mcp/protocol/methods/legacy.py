"""The legacy era, 2024-11-05 to 2025-11-25: its method table and notifications.

Methods that exist only in the modern era are not in the table. See `wire.classify` for
the eras.
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
    """``initialize``: agree on a revision and return the server's capabilities."""
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
    """``ping``: the result is an empty object."""
    return {}


def set_level(offer: Offer, turn: Turn) -> Result:
    """``logging/setLevel``: set the level of the session, if there is one."""
    level = turn.params.get("level")
    if level not in LOG_LEVELS:
        raise invalid_params("level must be one of " + ", ".join(LOG_LEVELS))
    if turn.caller.session is not None:
        turn.caller.session.log_level = level
    return {}


def methods(offer: Offer) -> Mapping[str, Method]:
    """Return the method table of the legacy era."""
    table = common_methods(offer)
    table["initialize"] = initialize
    table["ping"] = ping
    table["logging/setLevel"] = set_level
    if offer.has_resources:
        table["resources/subscribe"] = subscribe
        table["resources/unsubscribe"] = unsubscribe
    return table


def turn_of(request: Request, caller: Caller) -> Turn:
    """Return the request with the log level and capabilities of its session."""
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
    """Handle a notification. Unknown ones are ignored, as JSON-RPC requires."""
    if notification.method == "notifications/cancelled" and caller.session is not None:
        id = notification.params.get("requestId")
        # In Python ``True`` equals 1 as a key, but it is not a valid id.
        if isinstance(id, str | int) and not isinstance(id, bool):
            call = caller.session.calls.get(id)
            if call is not None:
                call.cancel()
