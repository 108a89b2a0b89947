"""Editors that are configured by a file only: Windsurf, Cline and Zed."""

from __future__ import annotations

from .address import McpAddress
from .client import ClientFile, Configuration, Language, McpClient
from .writing import NAME, json_text


def _windsurf(address: McpAddress) -> str:
    # https://docs.windsurf.com/windsurf/cascade/mcp
    server: dict[str, object] = {"serverUrl": address.url}
    if address.auth is not None:
        server["headers"] = address.headers(lambda auth: auth.value("${env:*}"))
    return json_text({"mcpServers": {NAME: server}})


WINDSURF = McpClient(
    id="windsurf",
    title="Windsurf",
    configurations=(
        Configuration(
            name="json",
            title="mcp_config.json",
            where="Put it into the file, and refresh the MCP servers in Cascade.",
            language=Language.JSON,
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
    server: dict[str, object] = {"type": "streamableHttp", "url": address.url}
    if address.auth is not None:
        server["headers"] = address.headers(lambda auth: auth.value("${env:*}"))
    return json_text({"mcpServers": {NAME: server}})


CLINE = McpClient(
    id="cline",
    title="Cline",
    configurations=(
        Configuration(
            name="json",
            title="cline_mcp_settings.json",
            where="Put it into the file that MCP Servers > Configure opens, or into "
            "that of the command line interface.",
            language=Language.JSON,
            write=_cline,
            files=(ClientFile(path="~/.cline/data/settings/cline_mcp_settings.json"),),
        ),
    ),
)


def _zed(address: McpAddress) -> str:
    # https://zed.dev/docs/ai/mcp
    server: dict[str, object] = {"url": address.url}
    if address.auth is not None:
        server["headers"] = address.headers(lambda auth: auth.value(auth.placeholder))
    return json_text({"context_servers": {NAME: server}})


ZED = McpClient(
    id="zed",
    title="Zed",
    configurations=(
        Configuration(
            name="json",
            title="settings.json",
            where="Put it into the settings (zed: open settings file), and replace the "
            "placeholder.",
            language=Language.JSON,
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
