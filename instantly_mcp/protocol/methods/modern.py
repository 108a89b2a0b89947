"""The stateless era, 2026-07-28: its method table and its result envelope.

What this era lacks (``initialize``, ``ping``, ``logging/setLevel`` …) is absent from
the table. Nothing of an earlier request counts here.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..._json import Json
from ..calls.tasks import EXTENSION
from ..server_features import Method, Offer, Result, Turn
from ..wire.envelope import META_SERVER
from ..wire.versions import MODERN
from .subscriptions import listen
from .table import common_methods
from .tasks import cancel_task, get_task, update_task

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
    table = common_methods(offer)
    table["server/discover"] = discover
    table["subscriptions/listen"] = listen
    table["tasks/get"] = get_task
    table["tasks/update"] = update_task
    table["tasks/cancel"] = cancel_task
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
