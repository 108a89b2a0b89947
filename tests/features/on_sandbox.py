"""All features on the simulated Instantly, in the process and on a driven clock."""

from __future__ import annotations

from twisted.internet.task import Clock

from instantly_mcp.api.client import InstantlyClient
from instantly_mcp.features.build import Features, build_features
from instantly_mcp.features.toolsets import ToolSelection
from instantly_mcp.features.workspace.context import ServerFacts
from instantly_mcp.protocol.calls.workspace_choice import (
    NO_WORKSPACES,
    IWorkspaceChoice,
)
from instantly_mcp.sandbox.agent import SandboxAgent
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.features.cases import NOW
from tests.support.access import permissive_guard
from tests.support.seals import new_seal


def client_of(sandbox: Sandbox, clock: Clock) -> InstantlyClient:
    """Return the real client, whose requests the sandbox answers."""
    return InstantlyClient.assemble(
        agent=SandboxAgent(sandbox, clock),
        base_url="https://sandbox.example.com",
        clock=clock,
        random=lambda: 0.0,
    )


def features_on(
    sandbox: Sandbox, clock: Clock, workspaces: IWorkspaceChoice = NO_WORKSPACES
) -> Features:
    """Build all features, with all tools; the clock begins at `NOW`.

    :param workspaces: knows the workspaces between which callers choose.
    """
    return build_features(
        client_of(sandbox, clock),
        clock,
        ServerFacts(name="instantly-mcp", version="1", mode="sandbox"),
        ToolSelection.parse("all"),
        guard=permissive_guard(),
        seal=new_seal(),
        workspaces=workspaces,
        wall=lambda: NOW.timestamp() + clock.seconds(),
    )
