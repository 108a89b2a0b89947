"""The workspace and its billing plan."""

from __future__ import annotations

from collections.abc import Mapping

from ..call import Behavior, OperationCall
from ..records import ApiObject
from ..timeline import format_time, parse_time
from ..world import INITIAL_CREDITS, World
from .bulk_leads import PLAN_LEAD_LIMIT

CREATED = "2025-01-06T09:00:00.000Z"
PERIOD_END = int(parse_time("2030-01-01T00:00:00.000Z"))
PLAN_ID = "pid_hg_v1"


def get_workspace(world: World, call: OperationCall) -> ApiObject:
    """``GET /workspaces/current``."""
    born = format_time(parse_time(CREATED))
    return {
        "id": world.id,
        "name": f"{world.name} {world.attack}".strip(),
        "owner": world.user_id,
        "timestamp_created": born,
        "timestamp_updated": born,
        "plan_id": PLAN_ID,
        "add_unsub_to_block": True,
        "default_opportunity_value": 250,
    }


def plan_details(world: World, call: OperationCall) -> ApiObject:
    """``GET /workspace-billing/plan-details``: one plan, and the credits left."""
    period: ApiObject = {"interval": "month", "current_period_end": PERIOD_END}
    return {
        "organization_id": world.id,
        "organization_name": f"{world.name} {world.attack}".strip(),
        "subscriptions": {
            "outreach": {
                "plan_name": "Hypergrowth Plan",
                "product_id": PLAN_ID,
                "total_lead_limit": PLAN_LEAD_LIMIT,
                "base_lead_limit": PLAN_LEAD_LIMIT,
                "current_lead_count": len(world.leads),
                "addons_qty": 0,
                **period,
            },
            "credits": {
                "plan_name": "Instantly Credits",
                "total_credits": INITIAL_CREDITS,
                "available_credits": world.credits,
                **period,
            },
        },
    }


BEHAVIORS: Mapping[str, Behavior] = {
    "getWorkspace": get_workspace,
    "getWorkspacePlanDetails": plan_details,
}
