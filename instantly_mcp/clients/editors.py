"""Editors: Cursor, VS Code, Windsurf, Cline and Zed."""

from __future__ import annotations

import base64
from urllib.parse import quote

from .address import McpAddress
from .client import (
    ClientFile,
    InstallLink,
    McpClient,
    json_file,
    shell_command,
)
from .writing import NAME, command, json_line, json_text

_INPUT = "instantly-key"
"""The id of the prompt of VS Code."""


def _cursor_server(address: McpAddress) -> dict[str, object]:
    # https://cursor.com/docs/context/mcp
    server = address.with_headers(
        {"url": address.url}, lambda auth: auth.value("${env:*}")
    )
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
        json_file(
            title=".cursor/mcp.json",
            where="Put it into the file of a project, or into that of all projects.",
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
        json_file(
            title=".vscode/mcp.json",
            where="Put it into the file, in the folder that you open.",
            write=_vscode,
            files=(ClientFile(path=".vscode/mcp.json"),),
        ),
        shell_command(
            _vscode_command,
            where="Run it in a terminal, to add the server for all folders.",
        ),
    ),
    notes=("VS Code asks for a credential when it connects, and stores it encrypted.",),
    install_link=_vscode_link,
)


def _windsurf(address: McpAddress) -> str:
    # https://docs.windsurf.com/windsurf/cascade/mcp
    server = address.with_headers(
        {"serverUrl": address.url}, lambda auth: auth.value("${env:*}")
    )
    return json_text({"mcpServers": {NAME: server}})


WINDSURF = McpClient(
    id="windsurf",
    title="Windsurf",
    configurations=(
        json_file(
            title="mcp_config.json",
            where="Put it into the file, and refresh the MCP servers in Cascade.",
            write=_windsurf,
            files=(
                ClientFile(path="~/.codeium/windsurf/mcp_config.json", system="macOS"),
                ClientFile(path="~/.codeium/windsurf/mcp_config.json", system="Linux"),
                ClientFile(
                    path="%USERPROFILE%\\.codeium\\windsurf\\mcp_config.json",
                    system="Windows",
                ),
            ),
        ),
    ),
)


def _cline(address: McpAddress) -> str:
    # https://docs.cline.bot/mcp/mcp-overview. Without the type, Cline uses HTTP+SSE.
    server = address.with_headers(
        {"type": "streamableHttp", "url": address.url},
        lambda auth: auth.value("${env:*}"),
    )
    return json_text({"mcpServers": {NAME: server}})


CLINE = McpClient(
    id="cline",
    title="Cline",
    configurations=(
        json_file(
            title="cline_mcp_settings.json",
            where="Put it into the file that MCP Servers > Configure opens, or into "
            "that of the command line interface.",
            write=_cline,
            files=(ClientFile(path="~/.cline/data/settings/cline_mcp_settings.json"),),
        ),
    ),
)


def _zed(address: McpAddress) -> str:
    # https://zed.dev/docs/ai/mcp
    server = address.with_headers(
        {"url": address.url}, lambda auth: auth.value(auth.placeholder)
    )
    return json_text({"context_servers": {NAME: server}})


ZED = McpClient(
    id="zed",
    title="Zed",
    configurations=(
        json_file(
            title="settings.json",
            where="Put it into the settings (zed: open settings file), and replace the "
            "placeholder.",
            write=_zed,
            files=(
                ClientFile(path="~/.config/zed/settings.json", system="macOS"),
                ClientFile(path="~/.config/zed/settings.json", system="Linux"),
                ClientFile(path="%APPDATA%\\Zed\\settings.json", system="Windows"),
            ),
        ),
    ),
    notes=("Zed reads no environment variables here: the file contains the secret.",),
)
