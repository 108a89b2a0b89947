"""Programs in a terminal: Codex, Gemini CLI, opencode and curl."""

from __future__ import annotations

from .address import McpAddress
from .client import (
    ClientFile,
    Configuration,
    Language,
    McpClient,
    json_file,
    shell_command,
)
from .writing import NAME, command, json_text, string


def _codex_command(address: McpAddress) -> str:
    # A bearer token is the only credential that this command takes. The server accepts
    # an Instantly key there, too.
    words = ["codex", "mcp", "add", NAME, "--url", address.url]
    if address.auth is not None:
        words += ["--bearer-token-env-var", address.auth.variable]
    return command(words)


def _codex_file(address: McpAddress) -> str:
    # https://developers.openai.com/codex/mcp
    lines = [f"[mcp_servers.{NAME}]", f"url = {string(address.url)}"]
    auth = address.auth
    if auth is not None and auth.prefix:
        lines.append(f"bearer_token_env_var = {string(auth.variable)}")
    elif auth is not None:
        pair = f"{string(auth.header)} = {string(auth.variable)}"
        lines.append(f"env_http_headers = {{ {pair} }}")
    return "\n".join(lines)


CODEX = McpClient(
    id="codex",
    title="Codex",
    configurations=(
        shell_command(_codex_command),
        Configuration(
            name="toml",
            title="config.toml",
            where="Put it at the end of the file.",
            language=Language.TOML,
            write=_codex_file,
            files=(ClientFile(path="~/.codex/config.toml"),),
        ),
    ),
    notes=("The command line, the editor extension and the app share this file.",),
)


def _gemini_command(address: McpAddress) -> str:
    words = ["gemini", "mcp", "add", "--scope", "user", "--transport", "http"]
    words += [NAME, address.url]
    for header, value in address.headers(lambda auth: auth.value("${*}")).items():
        words += ["--header", f"{header}: {value}"]
    return command(words)


def _gemini_file(address: McpAddress) -> str:
    # https://geminicli.com/docs/tools/mcp-server. A bare "url" would be HTTP+SSE.
    server = address.with_headers(
        {"httpUrl": address.url}, lambda auth: auth.value("${*}")
    )
    return json_text({"mcpServers": {NAME: server}})


GEMINI_CLI = McpClient(
    id="gemini-cli",
    title="Gemini CLI",
    configurations=(
        shell_command(_gemini_command),
        json_file(
            title=".gemini/settings.json",
            where="Put it into the file of a project, or into that of all projects.",
            write=_gemini_file,
            files=(
                ClientFile(path=".gemini/settings.json"),
                ClientFile(path="~/.gemini/settings.json"),
            ),
        ),
    ),
    notes=("Gemini CLI connects in folders only that you have told it to trust.",),
)


def _opencode(address: McpAddress) -> str:
    # https://opencode.ai/docs/mcp-servers
    server = address.with_headers(
        {"type": "remote", "url": address.url, "oauth": False},
        lambda auth: auth.value("{env:*}"),
    )
    schema = "https://opencode.ai/config.json"
    return json_text({"$schema": schema, "mcp": {NAME: server}})


OPENCODE = McpClient(
    id="opencode",
    title="opencode",
    configurations=(
        json_file(
            title="opencode.json",
            where="Put it into the file of a project, or into that of all projects.",
            write=_opencode,
            files=(
                ClientFile(path="opencode.json"),
                ClientFile(path="~/.config/opencode/opencode.json"),
            ),
        ),
    ),
    notes=("In opencode 2, the entry belongs into mcp.servers instead of mcp.",),
)


def _curl(address: McpAddress) -> str:
    lines = [command(["curl", "-s", address.url])]
    lines.append("-H 'Content-Type: application/json'")
    for header, value in address.headers(lambda auth: auth.value("$*")).items():
        lines.append(f'-H "{header}: {value}"')
    lines.append('-d \'{"jsonrpc":"2.0","id":1,"method":"tools/list"}\'')
    return " \\\n  ".join(lines)


CURL = McpClient(
    id="curl",
    title="curl",
    configurations=(
        shell_command(
            _curl, where="Run it in a terminal. It lists the tools of the server."
        ),
    ),
)
