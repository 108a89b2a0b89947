"""``instantly://workspace``: the workspace of the key, and what its plan includes."""

from __future__ import annotations

from ..._json_codec import Json, JsonObject
from ...protocol.calls.call import Call
from ..workspace.context import FeatureContext, Values
from ..workspace.fetching import gather

WORKSPACE_MEMBERS = (
    "id",
    "name",
    "timestamp_created",
    "scheduled_for_removal_at",
    "add_unsub_to_block",
    "default_opportunity_value",
    "org_client_domain",
)
PLAN_MEMBERS = (
    "plan_name",
    "total_lead_limit",
    "current_lead_count",
    "total_credits",
    "available_credits",
    "plan_limit",
    "interval",
    "current_period_end",
    "cancel_at_time",
)


async def workspace(context: FeatureContext, values: Values, call: Call) -> Json:
    """Read the workspace, and its plan if the key's scopes allow it."""
    found = await gather(
        {
            "workspace": context.execute("getWorkspace", {}, call),
            "plans": context.execute("getWorkspacePlanDetails", {}, call),
        }
    )
    if not found.has("workspace"):
        raise found.failures["workspace"]
    shown = _known(found.object("workspace"), WORKSPACE_MEMBERS)
    result: dict[str, Json] = {"workspace": shown}
    if found.has("plans"):
        result["plans"] = _plans(found.object("plans"))
    if found.failures:
        result["unknown"] = found.unknown()
    return result


def _plans(reply: JsonObject) -> JsonObject:
    plans = {}
    for name, plan in (reply.get("subscriptions") or {}).items():
        if isinstance(plan, dict) and plan.get("plan_name"):
            plans[name] = _known(plan, PLAN_MEMBERS)
    return plans


def _known(facts: JsonObject, names: tuple[str, ...]) -> JsonObject:
    return {name: facts[name] for name in names if facts.get(name) is not None}
