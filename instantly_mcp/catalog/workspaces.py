"""The workspace that a key belongs to, and what its plans include."""

from __future__ import annotations

from . import replies
from .fragments import scopes
from .operation import READ, Operation

OPERATIONS = (
    Operation(
        id="getWorkspace",
        reply=replies.WORKSPACE,
        method="GET",
        path="/api/v2/workspaces/current",
        summary="Read the workspace that the key belongs to",
        effect=READ,
        scopes=scopes("workspaces", "read"),
    ),
    Operation(
        id="getWorkspacePlanDetails",
        reply=replies.PLANS,
        method="GET",
        path="/api/v2/workspace-billing/plan-details",
        summary="Read the workspace's plans, limits and credits",
        effect=READ,
        scopes=scopes("workspace_billing", "read"),
    ),
)
