"""get_server_info: what this daemon is. Needs no key and reaches nothing."""

from __future__ import annotations

from ..._json import Json, JsonObject
from ...protocol.call import Call
from ..bench import Bench

LIMITS: JsonObject = {
    "workspace": "100 requests/s and 6000/min over all keys",
    "list_emails": "20 requests/min",
}


async def get_server_info(bench: Bench, given: JsonObject, call: Call) -> Json:
    """Describe the server; nothing in it belongs to another caller."""
    return {
        "name": bench.facts.name,
        "version": bench.facts.version,
        "mode": bench.facts.mode,
        "protocol_version": call.caller.revision.version,
        "api_key_present": call.caller.credential is not None,
        "toolsets": list(bench.toolsets),
        "tools": len(bench.listed),
        "instantly_limits": LIMITS,
    }
