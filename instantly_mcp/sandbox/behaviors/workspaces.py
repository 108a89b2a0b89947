"""The workspace and its billing plan."""

from __future__ import annotations

from collections.abc import Mapping

from ..call import Behavior, OperationCall
from ..records import Shown
from ..timeline import read_moment, written
from ..world import CREDITS, World
from .bulk_leads import PLAN_SIZE

NAME = "Sandbox"
BORN = "2025-01-06T09:00:00.000Z"
PERIOD_END = int(read_moment("2030-01-01T00:00:00.000Z"))
PLAN = "pid_hg_v1"


def get_workspace(world: World, call: OperationCall) -> Shown:
    """``GET /workspaces/current``."""
    born = written(read_moment(BORN))
    return {
        "id": world.id,
        "name": NAME,
        "owner": world.user_id,
        "timestamp_created": born,
        "timestamp_updated": born,
        "plan_id": PLAN,
        "add_unsub_to_block": True,
        "default_opportunity_value": 250,
    }


def plan_details(world: World, call: OperationCall) -> Shown:
    """``GET /workspace-billing/plan-details``: one plan, and the credits left."""
    period: Shown = {"interval": "month", "current_period_end": PERIOD_END}
    return {
        "organization_id": world.id,
        "organization_name": NAME,
        "subscriptions": {
            "outreach": {
                "plan_name": "Hypergrowth Plan",
                "product_id": PLAN,
                "total_lead_limit": PLAN_SIZE,
                "base_lead_limit": PLAN_SIZE,
                "current_lead_count": len(world.leads),
                "addons_qty": 0,
                **period,
            },
            "credits": {
                "plan_name": "Instantly Credits",
                "total_credits": CREDITS,
                "available_credits": world.credits,
                **period,
            },
        },
    }


BEHAVIORS: Mapping[str, Behavior] = {
    "getWorkspace": get_workspace,
    "getWorkspacePlanDetails": plan_details,
}
