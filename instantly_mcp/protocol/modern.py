"""The stateless era, 2026-07-28: its method table and its result envelope.

What this era lacks (``initialize``, ``ping``, ``logging/setLevel`` …) is absent from
the table. Nothing of an earlier request counts here.
"""

from __future__ import annotations

from collections.abc import Mapping

from .._json import Json
from .envelope import META_SERVER
from .offer import Method, Offer, Result, Turn
from .prompt_methods import complete, get_prompt, list_prompts
from .resource_methods import list_resources, list_templates, read_resource
from .task_methods import cancel_task, get_task, listen, update_task
from .tasks import EXTENSION
from .tool_methods import call_tool, list_tools
from .versions import MODERN

LIST_TTL_MS = 300_000
"""How long a client may keep a list; a list-changed notification ends it earlier."""

CACHEABLE = frozenset(
    {
        "server/discover",
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
    }
)


def discover(offer: Offer, turn: Turn) -> Result:
    """``server/discover``: what ``initialize`` was, without a handshake."""
    capabilities = dict(offer.capabilities(turn.caller.revision))
    capabilities["extensions"] = {EXTENSION: {}}
    return {
        "supportedVersions": list(MODERN),
        "capabilities": capabilities,
        "instructions": offer.info.instructions,
    }


def methods(offer: Offer) -> Mapping[str, Method]:
    """Return the table of this era for what is on offer."""
    table: dict[str, Method] = {
        "server/discover": discover,
        "tools/list": list_tools,
        "tools/call": call_tool,
        "subscriptions/listen": listen,
        "tasks/get": get_task,
        "tasks/update": update_task,
        "tasks/cancel": cancel_task,
    }
    if offer.has_resources:
        table["resources/list"] = list_resources
        table["resources/templates/list"] = list_templates
        table["resources/read"] = read_resource
    if offer.has_prompts:
        table["prompts/list"] = list_prompts
        table["prompts/get"] = get_prompt
    if offer.has_resources or offer.has_prompts:
        table["completion/complete"] = complete
    return table


def seal_result(offer: Offer, method: str, result: Result) -> Result:
    """Put a result into the envelope that every modern result has."""
    meta: dict[str, Json] = {META_SERVER: offer.info.as_object()}
    own = result.get("_meta")
    if own is not None:
        meta.update(own)
    sealed: dict[str, Json] = {"resultType": "complete", **result, "_meta": meta}
    if method in CACHEABLE:
        sealed["ttlMs"] = LIST_TTL_MS
        # The same for every caller: no credential and no header shapes it.
        sealed["cacheScope"] = "public"
    return sealed
