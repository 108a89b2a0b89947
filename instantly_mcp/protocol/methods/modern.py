"""The modern era, 2026-07-28: its method table and its result envelope.

Methods that exist only in the legacy era (``initialize``, ``ping``,
``logging/setLevel``) are not in the table. See `wire.classify` for the eras.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..._json_codec import Json
from ..calls.tasks import TASKS_EXTENSION
from ..primitives.card import card_extension, shows_cards
from ..server_features import Method, RequestContext, Result, ServerFeatures
from ..wire.envelope import META_SERVER
from ..wire.versions import MODERN_REVISIONS
from .subscriptions import listen
from .table import common_methods
from .tasks import cancel_task, get_task, update_task

LIST_TTL_MS = 300_000
"""How long a client may cache a list, unless a list-changed notification arrives."""

CACHEABLE = frozenset(
    {
        "server/discover",
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "skills/list",
        "skills/get",
    }
)

DIFFERENT_WITH_CARDS = frozenset({"server/discover", "tools/list"})
"""What clients that show cards see otherwise, so that no other client may get it from a
shared cache."""


def discover(features: ServerFeatures, context: RequestContext) -> Result:
    """``server/discover``: supported revisions, capabilities and instructions."""
    capabilities = dict(features.capabilities(context.caller.revision))
    listed = features.tools.listed(context.caller.rights)
    cards = card_extension(listed, context.capabilities)
    declared = capabilities.get("extensions", {})
    capabilities["extensions"] = {TASKS_EXTENSION: {}, **declared, **cards}
    return {
        "supportedVersions": list(MODERN_REVISIONS),
        "capabilities": capabilities,
        "instructions": features.info.instructions_for(context.caller.rights.level),
        "_meta": {META_SERVER: features.info.introduced(context.caller.revision)},
    }


def methods(features: ServerFeatures) -> Mapping[str, Method]:
    """Return the method table of the modern era."""
    table = common_methods(features)
    table["server/discover"] = discover
    table["subscriptions/listen"] = listen
    table["tasks/get"] = get_task
    table["tasks/update"] = update_task
    table["tasks/cancel"] = cancel_task
    return table


def add_envelope(
    features: ServerFeatures, context: RequestContext, result: Result
) -> Result:
    """Return a result with the members that all results of the modern era have."""
    meta: dict[str, Json] = {META_SERVER: features.info.as_object()}
    own = result.get("_meta")
    if own is not None:
        meta.update(own)
    sealed: dict[str, Json] = {"resultType": "complete", **result, "_meta": meta}
    if context.request.method in CACHEABLE:
        sealed["ttlMs"] = LIST_TTL_MS
        sealed["cacheScope"] = "private" if _is_own(context) else "public"
    return sealed


def _is_own(context: RequestContext) -> bool:
    """Say whether other callers may see another list."""
    if context.request.method in DIFFERENT_WITH_CARDS:
        return context.caller.rights.are_own or shows_cards(context.capabilities)
    return context.caller.rights.are_own
