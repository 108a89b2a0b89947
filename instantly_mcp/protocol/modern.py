"""The stateless era, 2026-07-28: its method table and its result envelope.

What this era lacks (``initialize``, ``ping``, ``logging/setLevel`` …) is absent from
the table. Nothing of an earlier request counts here.
"""

from __future__ import annotations

from collections.abc import Mapping

from .._json import Json
from .envelope import META_SERVER
from .methods import Method, Offer, Result, Turn, call_tool, list_tools
from .versions import MODERN

LIST_TTL_MS = 300_000
"""How long a client may keep a list: it changes only when the daemon restarts."""


def discover(offer: Offer, turn: Turn) -> Result:
    """``server/discover``: what ``initialize`` was, without a handshake."""
    return {
        "supportedVersions": list(MODERN),
        "capabilities": {"tools": {}, "logging": {}},
        "instructions": offer.info.instructions,
    }


METHODS: Mapping[str, Method] = {
    "server/discover": discover,
    "tools/list": list_tools,
    "tools/call": call_tool,
}

CACHEABLE = frozenset({"server/discover", "tools/list"})


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
