"""get_server_info: describe this server and what this connection may do.

Needs no key and does not call Instantly.
"""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
from ...._rights import Rights
from ....api.pace.throttle import BOTH_LIMITS
from ....catalog.index import BY_ID
from ....protocol.calls.call import Call
from ...workspace.context import FeatureContext

LIMITS: JsonObject = {
    "workspace": f"requests: {BOTH_LIMITS}, over all keys together",
    "list_emails": f"requests: {BY_ID['listEmail'].limit}",
}


async def get_server_info(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Describe the server, with nothing about other callers."""
    rights, credential = call.caller.rights, call.caller.credential
    return {
        "name": context.facts.name,
        "version": context.facts.version,
        "mode": context.facts.mode,
        "protocol_version": call.caller.revision.version,
        "api_key_present": credential is not None,
        **({} if credential is None else _connection(context, rights)),
        "ask": context.facts.operator or "the operator of this server",
        "toolsets": [
            name
            for name in context.toolsets
            if rights.toolsets is None or name in rights.toolsets
        ],
        "tools": len(context.listed_tools(rights)),
        "instantly_limits": LIMITS,
    }


def _connection(context: FeatureContext, rights: Rights) -> JsonObject:
    """Return what the connection may do, for a caller with a credential.

    Which workspace it acts in is named in every result.
    """
    said: dict[str, Json] = {}
    if rights.token_name:
        said["connection_token"] = rights.token_name
    if rights.workspaces:
        said["workspaces"] = list(rights.workspaces)
    return {**said, "access": _access(rights), **context.facts.rules(rights.level)}


def _access(rights: Rights) -> JsonObject:
    """Return the access level, and which place limited it."""
    level: JsonObject = {"level": rights.level.value}
    return {**level, "limited_by": rights.level_by} if rights.level_by else level
