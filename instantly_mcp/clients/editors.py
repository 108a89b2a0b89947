"""Editors with links that install a server: Cursor and VS Code."""

from __future__ import annotations

import base64
from urllib.parse import quote

from .address import McpAddress
from .client import ClientFile, Configuration, InstallLink, Language, McpClient
from .writing import NAME, command, json_line, json_text

_INPUT = "instantly-key"
"""The id of the prompt of VS Code."""


def _cursor_server(address: McpAddress) -> dict[str, object]:
    # https://cursor.com/docs/context/mcp
    server: dict[str, object] = {"url": address.url}
    if address.auth is not None:
        server["headers"] = address.headers(lambda auth: auth.value("${env:*}"))
    return server


def _cursor(address: McpAddress) -> str:
    return json_text({"mcpServers": {NAME: _cursor_server(address)}})


def _cursor_link(address: McpAddress) -> InstallLink:
    # https://cursor.com/docs/mcp/install-links
    text = json_line(_cursor_server(address)).encode()
    encoded = quote(base64.b64encode(text).decode(), safe="")
    query = f"name={NAME}&config={encoded}"
    return InstallLink(
        app=f"cursor://anysphere.cursor-deeplink/mcp/install?{query}",
        web=f"https://cursor.com/en/install-mcp?{query}",
    )


CURSOR = McpClient(
    id="cursor",
    title="Cursor",
    configurations=(
        Configuration(
            name="json",
            title=".cursor/mcp.json",
            where="Put it into the file of a project, or into that of all projects.",
            language=Language.JSON,
            write=_cursor,
            files=(
                ClientFile(path=".cursor/mcp.json"),
                ClientFile(path="~/.cursor/mcp.json"),
            ),
        ),
    ),
    notes=(
        "Cursor offers its model the first 40 tools of all servers together: switch "
        "off servers that you do not need.",
    ),
    install_link=_cursor_link,
)


def _vscode_server(address: McpAddress) -> dict[str, object]:
    # https://code.visualstudio.com/docs/copilot/reference/mcp-configuration
    server: dict[str, object] = {"type": "http", "url": address.url}
    if address.auth is not None:
        reference = f"${{input:{_INPUT}}}"
        server["headers"] = address.headers(lambda auth: auth.value(reference))
    return server


def _vscode_inputs(address: McpAddress) -> dict[str, object]:
    if address.auth is None:
        return {}
    asked = {
        "type": "promptString",
        "id": _INPUT,
        "description": address.auth.prompt,
        "password": True,
    }
    return {"inputs": [asked]}


def _vscode(address: McpAddress) -> str:
    servers = {NAME: _vscode_server(address)}
    return json_text({"servers": servers, **_vscode_inputs(address)})


def _vscode_whole(address: McpAddress) -> str:
    """Return name, server and prompts in one line, as links and the command take it."""
    server = {"name": NAME, **_vscode_server(address), **_vscode_inputs(address)}
    return json_line(server)


def _vscode_command(address: McpAddress) -> str:
    return command(["code", "--add-mcp", _vscode_whole(address)])


def _vscode_link(address: McpAddress) -> InstallLink:
    # https://code.visualstudio.com/api/extension-guides/ai/mcp#create-an-mcp-installation-url
    app = f"vscode:mcp/install?{quote(_vscode_whole(address), safe='')}"
    redirect = "https://insiders.vscode.dev/redirect?url="
    return InstallLink(app=app, web=f"{redirect}{quote(app, safe='')}")


VSCODE = McpClient(
    id="vscode",
    title="VS Code",
    configurations=(
        Configuration(
            name="json",
            title=".vscode/mcp.json",
            where="Put it into the file, in the folder that you open.",
            language=Language.JSON,
            write=_vscode,
            files=(ClientFile(path=".vscode/mcp.json"),),
        ),
        Configuration(
            name="command",
            title="Command",
            where="Run it in a terminal, to add the server for all folders.",
            language=Language.SHELL,
            write=_vscode_command,
        ),
    ),
    notes=("VS Code asks for a credential when it connects, and stores it encrypted.",),
    install_link=_vscode_link,
)
