"""get_server_info: describe this server. Needs no key and does not call Instantly."""

from __future__ import annotations

from ...._json_codec import Json, JsonObject
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
    return {
        "name": context.facts.name,
        "version": context.facts.version,
        "mode": context.facts.mode,
        "protocol_version": call.caller.revision.version,
        "api_key_present": call.caller.credential is not None,
        "toolsets": list(context.toolsets),
        "tools": len(context.tool_names),
        "instantly_limits": LIMITS,
    }
