"""All features on the simulated Instantly, in the process and on a driven clock."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from instantly_mcp._credential import Credential
from instantly_mcp._json_codec import JsonObject
from instantly_mcp.api.client import InstantlyClient
from instantly_mcp.features.build import Features, build_features
from instantly_mcp.features.toolsets import ToolSelection
from instantly_mcp.features.workspace.context import ServerFacts
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.calls.workspace_choice import (
    NO_WORKSPACES,
    IWorkspaceChoice,
)
from instantly_mcp.protocol.primitives.registries import IToolRegistry
from instantly_mcp.protocol.primitives.tool import ToolResult
from instantly_mcp.protocol.wire.versions import V2025_11_25
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


def run_tool(
    tools: IToolRegistry, name: str, arguments: JsonObject, credential: Credential
) -> Deferred[ToolResult]:
    """Call a tool as a caller of the revision 2025-11-25."""
    tool = tools.find(name)
    assert tool is not None, name
    caller = Caller(revision=V2025_11_25, credential=credential)
    return tool.run(arguments, Call(caller=caller))


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
