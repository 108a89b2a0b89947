"""Claude Code, Claude Desktop, and Claude's connectors."""

from __future__ import annotations

from .address import TOKEN_VARIABLE, AuthHeader, McpAddress
from .client import (
    ClientFile,
    Configuration,
    Language,
    McpClient,
    Network,
    json_file,
    shell_command,
)
from .writing import NAME, command, json_text, steps

MCP_REMOTE = "mcp-remote@0.15.1"
"""The version that `tests/agents` drives. It needs Node.js."""


def _code_value(auth: AuthHeader) -> str:
    # Claude Code replaces ${NAME} when it starts, also in what `claude mcp add` has
    # stored: https://code.claude.com/docs/en/mcp. In double quotes the shell would
    # replace it, which puts the secret on a command line and into ~/.claude.json.
    return auth.value("${*}")


def _code_command(address: McpAddress) -> str:
    words = ["claude", "mcp", "add", "--transport", "http", NAME, address.url]
    for header, value in address.headers(_code_value).items():
        words += ["--header", f"{header}: {value}"]
    return command(words)


def _code_file(address: McpAddress) -> str:
    server = address.with_headers({"type": "http", "url": address.url}, _code_value)
    return json_text({"mcpServers": {NAME: server}})


CLAUDE_CODE = McpClient(
    id="claude-code",
    title="Claude Code",
    configurations=(
        shell_command(
            _code_command, where="Run it in a terminal, in the folder of your project."
        ),
        json_file(
            title=".mcp.json",
            where="Put it into the file, in the folder of your project.",
            write=_code_file,
            files=(ClientFile(path=".mcp.json"),),
        ),
    ),
    notes=(
        "Claude Code reads an environment variable each time it starts: set it in the "
        "profile of your shell.",
        "With --scope user the command adds the server for all your projects.",
    ),
)


def _bundle_steps(address: McpAddress) -> str:
    asked = ["Leave the access token empty."]
    if address.auth is not None:
        asked = [f"Enter as access token: your {address.auth.noun}."]
        if address.is_plain:
            asked.append(
                "Switch on: Send the token without encryption. Others on the network "
                "can then read it; an address with https:// is safer."
            )
    return steps(
        "Get the file instantly-mcp.mcpb: from the connect page of the server, or with "
        "instantly-mcp bundle.",
        "Open it. In Claude Desktop: Settings > Extensions > Advanced settings > "
        "Install Extension.",
        f"Enter as server address: {address.url}",
        *asked,
    )


def _remote_file(address: McpAddress) -> str:
    args = ["-y", MCP_REMOTE, address.url]
    # mcp-remote knows this machine by two names only, of which ::1 is not one.
    if address.is_plain or address.host == "::1":
        args.append("--allow-http")
    server: dict[str, object] = {"command": "npx", "args": args}
    auth = address.auth
    if auth is not None:
        # Claude Desktop for Windows mangles arguments with blanks, so that none may be
        # in the header: https://www.npmjs.com/package/mcp-remote, "Custom Headers".
        variable = "AUTH_HEADER" if auth.prefix else auth.variable
        args += ["--header", f"{auth.header}:${{{variable}}}"]
        server["env"] = {variable: auth.prefix + auth.placeholder}
    return json_text({"mcpServers": {NAME: server}})


def _stdio_file(address: McpAddress) -> str:
    args = ["stdio", "--url", address.url]
    server: dict[str, object] = {"command": "instantly-mcp", "args": args}
    if address.auth is not None:
        if address.is_plain:
            args.append("--allow-http")
        server["env"] = {TOKEN_VARIABLE: address.auth.placeholder}
    return json_text({"mcpServers": {NAME: server}})


# https://modelcontextprotocol.io/docs/develop/connect-local-servers
_DESKTOP_FILES = (
    ClientFile(
        path="~/Library/Application Support/Claude/claude_desktop_config.json",
        system="macOS",
    ),
    ClientFile(path="%APPDATA%\\Claude\\claude_desktop_config.json", system="Windows"),
)
_DESKTOP_WHERE = (
    "Put it into claude_desktop_config.json (Settings > Developer > Edit Config), "
    "replace the placeholder, and start Claude Desktop again."
)

CLAUDE_DESKTOP = McpClient(
    id="claude-desktop",
    title="Claude Desktop",
    configurations=(
        Configuration(
            name="bundle",
            title="Extension",
            where="Follow these steps.",
            language=Language.TEXT,
            write=_bundle_steps,
        ),
        Configuration(
            name="mcp-remote",
            title="claude_desktop_config.json, with Node.js",
            where=_DESKTOP_WHERE,
            language=Language.JSON,
            write=_remote_file,
            files=_DESKTOP_FILES,
        ),
        Configuration(
            name="stdio",
            title="claude_desktop_config.json, with instantly-mcp on this computer",
            where=_DESKTOP_WHERE,
            language=Language.JSON,
            write=_stdio_file,
            files=_DESKTOP_FILES,
        ),
    ),
    notes=(
        "The file of Claude Desktop starts programs only: it skips entries with a URL.",
        "If Claude Desktop does not find npx or instantly-mcp, write its full path.",
    ),
)


def _connector_steps(address: McpAddress) -> str:
    url = address.url
    if address.auth is not None:
        url = address.below(address.auth.placeholder)
    lines = [
        "In Claude: Settings > Connectors > Add custom connector.",
        f"Enter as remote MCP server URL: {url}",
    ]
    if address.auth is not None:
        prompt = address.auth.noun
        lines.append(f"Replace {address.auth.placeholder} by your {prompt}.")
    return steps(*lines, "Leave the OAuth fields empty.")


# https://support.claude.com/en/articles/11175166
CLAUDE_CONNECTOR = McpClient(
    id="claude-connector",
    title="Claude connector (web and mobile)",
    configurations=(
        Configuration(
            name="steps",
            title="Custom connector",
            where="Follow these steps.",
            language=Language.TEXT,
            write=_connector_steps,
        ),
    ),
    network=Network.VENDOR,
    notes=(
        "Claude connects from Anthropic's addresses, 160.79.104.0/21.",
        "Claude remembers for each URL whether a login is needed: after a failure, add "
        "the connector again with another URL, such as one with a slash at its end.",
    ),
)
