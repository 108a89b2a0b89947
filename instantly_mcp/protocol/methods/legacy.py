"""The legacy era, 2024-11-05 to 2025-11-25: its method table and notifications.

Methods that exist only in the modern era are not in the table. See `wire.classify` for
the eras.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..._json_codec import JsonObject
from ..calls.call import Caller
from ..primitives.card import card_extension
from ..server_features import (
    NO_CAPABILITIES,
    Method,
    RequestContext,
    Result,
    ServerFeatures,
)
from ..wire.errors import invalid_params
from ..wire.jsonrpc import Notification, Request
from ..wire.log_levels import LOG_LEVELS
from ..wire.versions import negotiate
from .resources import subscribe, unsubscribe
from .table import common_methods


def initialize(features: ServerFeatures, context: RequestContext) -> Result:
    """``initialize``: agree on a revision and return the server's capabilities."""
    revision = negotiate(context.params.get("protocolVersion"))
    session = context.caller.session
    if session is not None:
        session.revision = revision
        session.store_client(context.params)
    capabilities = dict(features.capabilities(revision))
    cards = _card_extension(features, context)
    if cards:
        capabilities["extensions"] = {**capabilities.get("extensions", {}), **cards}
    return {
        "protocolVersion": revision.version,
        "capabilities": capabilities,
        "serverInfo": features.info.introduced(revision),
        "instructions": features.info.instructions_for(context.caller.rights.level),
    }


def _card_extension(features: ServerFeatures, context: RequestContext) -> JsonObject:
    declared = context.params.get("capabilities")
    if not isinstance(declared, dict):
        return {}
    return card_extension(features.tools.listed(context.caller.rights), declared)


def ping(features: ServerFeatures, context: RequestContext) -> Result:
    """``ping``: the result is an empty object."""
    return {}


def set_level(features: ServerFeatures, context: RequestContext) -> Result:
    """``logging/setLevel``: set the level of the session, if there is one."""
    level = context.params.get("level")
    if level not in LOG_LEVELS:
        raise invalid_params("level must be one of " + ", ".join(LOG_LEVELS))
    if context.caller.session is not None:
        context.caller.session.log_level = level
    return {}


def methods(features: ServerFeatures) -> Mapping[str, Method]:
    """Return the method table of the legacy era."""
    table = common_methods(features)
    table["initialize"] = initialize
    table["ping"] = ping
    table["logging/setLevel"] = set_level
    if features.has_resources:
        table["resources/subscribe"] = subscribe
        table["resources/unsubscribe"] = unsubscribe
    return table


def context_of(request: Request, caller: Caller) -> RequestContext:
    """Return the request with the log level and capabilities of its session."""
    session = caller.session
    if session is None:
        return RequestContext(
            request=request, caller=caller, capabilities=NO_CAPABILITIES
        )
    return RequestContext(
        request=request,
        caller=caller,
        log_level=session.log_level,
        capabilities=session.capabilities,
    )


def handle_notification(notification: Notification, caller: Caller) -> None:
    """Handle a notification. Unknown ones are ignored, as JSON-RPC requires."""
    if notification.method == "notifications/cancelled" and caller.session is not None:
        id = notification.params.get("requestId")
        # In Python ``True`` equals 1 as a key, but it is not a valid id.
        if isinstance(id, str | int) and not isinstance(id, bool):
            call = caller.session.calls.get(id)
            if call is not None:
                call.cancel()
