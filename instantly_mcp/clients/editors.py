"""Editors with an agent: Cursor and VS Code."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

from .address import McpAddress
from .client import (
    ClientFile,
    Configuration,
    InstallLink,
    Language,
    McpClient,
)

NAME = "instantly"
"""The name under which clients list the server."""


def _cursor_server(address: McpAddress) -> dict[str, object]:
    server: dict[str, object] = {"url": address.url}
    auth = address.auth
    if auth is not None:
        server["headers"] = {auth.header: f"{auth.prefix}${{env:{auth.variable}}}"}
    return server


def _cursor(address: McpAddress) -> str:
    return json.dumps({"mcpServers": {NAME: _cursor_server(address)}}, indent=2)


def _cursor_link(address: McpAddress) -> InstallLink:
    # https://cursor.com/docs/mcp/install-links
    text = json.dumps(_cursor_server(address), separators=(",", ":"))
    encoded = quote(base64.b64encode(text.encode()).decode(), safe="")
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
    install_link=_cursor_link,
)


def _vscode_server(address: McpAddress) -> dict[str, object]:
    server: dict[str, object] = {"type": "http", "url": address.url}
    auth = address.auth
    if auth is not None:
        server["headers"] = {auth.header: f"{auth.prefix}${{input:instantly-key}}"}
    return server


def _vscode_inputs(address: McpAddress) -> list[dict[str, object]]:
    if address.auth is None:
        return []
    asked: dict[str, object] = {
        "type": "promptString",
        "id": "instantly-key",
        "description": address.auth.prompt,
        "password": True,
    }
    return [asked]


def _vscode(address: McpAddress) -> str:
    document: dict[str, object] = {"servers": {NAME: _vscode_server(address)}}
    inputs = _vscode_inputs(address)
    if inputs:
        document["inputs"] = inputs
    return json.dumps(document, indent=2)


def _vscode_link(address: McpAddress) -> InstallLink:
    # https://code.visualstudio.com/api/extension-guides/ai/mcp
    whole: dict[str, object] = {"name": NAME, **_vscode_server(address)}
    inputs = _vscode_inputs(address)
    if inputs:
        whole["inputs"] = inputs
    text = json.dumps(whole, separators=(",", ":"))
    app = f"vscode:mcp/install?{quote(text, safe='')}"
    return InstallLink(
        app=app, web=f"https://insiders.vscode.dev/redirect?url={quote(app, safe='')}"
    )


VSCODE = McpClient(
    id="vscode",
    title="VS Code",
    configurations=(
        Configuration(
            name="json",
            title=".vscode/mcp.json",
            where="Put it into the file in the folder that you open.",
            language=Language.JSON,
            write=_vscode,
            files=(ClientFile(path=".vscode/mcp.json"),),
        ),
    ),
    notes=("VS Code asks for the value when it connects, and stores it encrypted.",),
    install_link=_vscode_link,
)
