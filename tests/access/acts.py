"""Builds acts for the tests of policy, rails and audit. No tests."""

from __future__ import annotations

from typing import Any

from instantly_mcp._rights import ALL_RIGHTS
from instantly_mcp.access.act import Act
from instantly_mcp.access.decisions import Decision
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.catalog.operation import Risk


def act(operation: str = "activateCampaign", **more: Any) -> Act:
    """Return an act of which only the interesting parts are given."""
    given: dict[str, Any] = {
        "id": "a1",
        "principal": "p1",
        "rights": ALL_RIGHTS,
        "client": "test/1",
        "workspace": "Northwind",
        "workspace_key": "w1",
        "tool": "activate_campaign",
        "operation": BY_ID[operation],
        "arguments": {"id": "c1"},
        "targets": ("c1",),
        "arguments_digest": "d1",
        "risks": frozenset({Risk.SENDS}),
        "decision": Decision.ALLOW,
        **more,
    }
    return Act(**given)
