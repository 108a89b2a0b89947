"""n8n, by its node "MCP Client Tool"."""

from __future__ import annotations

from .address import McpAddress
from .client import Configuration, Language, McpClient
from .writing import json_text, steps

_LANGCHAIN = "@n8n/n8n-nodes-langchain"
_TOOL, _AGENT, _CHAT = "Instantly", "AI Agent", "When chat message received"


def _steps(address: McpAddress) -> str:
    auth = address.auth
    if auth is None:
        credential = "Authentication: None."
    elif auth.prefix:
        credential = (
            "Authentication: Bearer Auth. Create a credential; its Bearer Token is "
            f"your {auth.noun}."
        )
    else:
        credential = (
            "Authentication: Header Auth. Create a credential; its Name is "
            f"{auth.header}, its Value your {auth.noun}."
        )
    return steps(
        'Add the node "MCP Client Tool" to the Tool input of an AI Agent.',
        f"Endpoint: {address.url}",
        "Server Transport: HTTP Streamable.",
        credential,
        "Tools to Include: All.",
    )


def _authentication(address: McpAddress) -> str:
    if address.auth is None:
        return "none"
    return "bearerAuth" if address.auth.prefix else "headerAuth"


def _node(
    name: str, kind: str, version: float, x: int, y: int, **parameters: object
) -> dict[str, object]:
    return {
        "parameters": parameters,
        "id": f"instantly-{kind}",
        "name": name,
        "type": f"{_LANGCHAIN}.{kind}",
        "typeVersion": version,
        "position": [x, y],
    }


def _to(node: str, kind: str) -> dict[str, object]:
    return {kind: [[{"node": node, "type": kind, "index": 0}]]}


def _workflow(address: McpAddress) -> str:
    # The parameters of version 1.1 of the node, in n8n 1.104.1 and later:
    # https://github.com/n8n-io/n8n/tree/master/packages/@n8n/nodes-langchain/nodes/mcp
    tool = _node(
        _TOOL,
        "mcpClientTool",
        1.1,
        360,
        220,
        endpointUrl=address.url,
        serverTransport="httpStreamable",
        authentication=_authentication(address),
        include="all",
        options={},
    )
    chat = _node(_CHAT, "chatTrigger", 1.1, 0, 0, options={})
    agent = _node(_AGENT, "agent", 2, 220, 0, options={})
    return json_text(
        {
            "name": "Instantly",
            "nodes": [chat, agent, tool],
            "connections": {_CHAT: _to(_AGENT, "main"), _TOOL: _to(_AGENT, "ai_tool")},
            "settings": {},
        }
    )


# https://docs.n8n.io/integrations/builtin/cluster-nodes/sub-nodes/n8n-nodes-langchain.toolmcp/
N8N = McpClient(
    id="n8n",
    title="n8n",
    configurations=(
        Configuration(
            name="steps",
            title="MCP Client Tool",
            where="Fill in the fields of the node.",
            language=Language.TEXT,
            write=_steps,
        ),
        Configuration(
            name="workflow",
            title="Workflow",
            where="Paste it into an empty workflow. Then add a chat model to the AI "
            "Agent, and the credential to the node Instantly.",
            language=Language.JSON,
            write=_workflow,
        ),
    ),
    notes=(
        "In a container, 127.0.0.1 is the container itself: use the address of the "
        "machine, such as http://host.docker.internal:3000/mcp.",
        "Versions before 1.104.1 have HTTP+SSE only: end the address in /sse, and "
        "choose that transport.",
    ),
)
