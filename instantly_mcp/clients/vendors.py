"""Clients that connect from their vendor's servers: ChatGPT and two model APIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .address import AuthHeader, McpAddress
from .client import (
    Configuration,
    Language,
    McpClient,
    Network,
    shell_command,
)
from .writing import NAME, json_text, steps

_TUNNEL = (
    "OpenAI's Secure MCP Tunnel reaches a server that has no public address: see "
    "https://developers.openai.com/api/docs/guides/tools-remote-mcp."
)


def _chatgpt(address: McpAddress) -> str:
    url, credential = address.url, ["Authentication: No authentication."]
    auth = address.auth
    if auth is not None:
        url = address.below(auth.placeholder)
        prompt = auth.noun
        credential.insert(0, f"Replace {auth.placeholder} by your {prompt}.")
        credential[1] += (
            " If your ChatGPT offers an access token or API key, choose that instead, "
            f"and use the URL {address.url}"
        )
    return steps(
        "In ChatGPT on the web: Settings > Apps > Advanced settings, switch on "
        "Developer mode.",
        "Settings > Apps > Create app.",
        f"MCP Server URL: {url}",
        *credential,
        "Create.",
    )


CHATGPT = McpClient(
    id="chatgpt",
    title="ChatGPT",
    configurations=(
        Configuration(
            name="steps",
            title="App (connector)",
            where="Follow these steps.",
            language=Language.TEXT,
            write=_chatgpt,
        ),
    ),
    network=Network.VENDOR,
    notes=(
        "ChatGPT refuses addresses with a key in the query, but takes one in the path.",
        _TUNNEL,
    ),
)


def _reference(auth: AuthHeader) -> str:
    return f"${auth.variable}"


def _request(url: str, headers: Sequence[str], body: Mapping[str, object]) -> str:
    """Return a command that posts a body, in which the shell replaces variables.

    A URL has neither ``$`` nor the other characters that have a meaning there, because
    `McpAddress` encodes or refuses them.
    """
    lines = [f"curl -s {url}", "-H 'Content-Type: application/json'", *headers]
    lines.append("-d @- <<EOF")
    return " \\\n  ".join(lines) + f"\n{json_text(body)}\nEOF"


def _anthropic_members(address: McpAddress, token: str | None) -> dict[str, object]:
    server = {"type": "url", "url": address.url, "name": NAME}
    if token is not None:
        server["authorization_token"] = token
    return {
        "mcp_servers": [server],
        "tools": [{"type": "mcp_toolset", "mcp_server_name": NAME}],
    }


def _anthropic(address: McpAddress) -> str:
    # https://platform.claude.com/docs/en/agents-and-tools/mcp-connector
    token = None if address.auth is None else _reference(address.auth)
    return _request(
        "https://api.anthropic.com/v1/messages",
        (
            "-H 'anthropic-version: 2023-06-01'",
            "-H 'anthropic-beta: mcp-client-2025-11-20'",
            '-H "x-api-key: $ANTHROPIC_API_KEY"',
        ),
        {
            "model": "claude-sonnet-5-5",
            "max_tokens": 1024,
            "messages": [{"role": "user", "content": "List my campaigns."}],
            **_anthropic_members(address, token),
        },
    )


def _anthropic_json(address: McpAddress) -> str:
    token = None if address.auth is None else address.auth.placeholder
    return json_text(_anthropic_members(address, token))


MESSAGES_API = McpClient(
    id="messages-api",
    title="Anthropic Messages API",
    configurations=(
        shell_command(_anthropic, title="Request"),
        Configuration(
            name="json",
            title="Members of the request",
            where="Add them to your request, with the beta mcp-client-2025-11-20, and "
            "replace the placeholder.",
            language=Language.JSON,
            write=_anthropic_json,
        ),
    ),
    network=Network.VENDOR,
    notes=("Of MCP, the Messages API uses tools only.",),
)


def _openai(address: McpAddress) -> str:
    # https://developers.openai.com/api/docs/guides/tools-remote-mcp
    tool = {"type": "mcp", "server_label": NAME, "server_url": address.url}
    if address.auth is not None:
        tool["authorization"] = _reference(address.auth)
    tool["require_approval"] = "always"
    return _request(
        "https://api.openai.com/v1/responses",
        ('-H "Authorization: Bearer $OPENAI_API_KEY"',),
        {"model": "gpt-6-astra", "tools": [tool], "input": "List my campaigns."},
    )


RESPONSES_API = McpClient(
    id="responses-api",
    title="OpenAI Responses API",
    configurations=(shell_command(_openai, title="Request"),),
    network=Network.VENDOR,
    notes=("Of MCP, the Responses API uses tools only.", _TUNNEL),
)
