"""``instantly-mcp snippet``: prints the configuration of a client.

A snippet never contains a secret: it names an environment variable instead.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen
from twisted.python import usage

from .._rights import Level
from ..daemon.settings.parsers import endpoint
from ..daemon.settings.validation import toolsets_named
from .options import CommandOptions

DEFAULT_URL = "http://127.0.0.1:3000/mcp"


@frozen
class AuthHeader:
    """A header, and the environment variable that contains its value.

    :param prompt: what VS Code shows when it asks for the value.
    """

    header: str
    prefix: str
    variable: str
    prompt: str


AUTH_HEADERS: Mapping[str, AuthHeader | None] = {
    "none": None,
    "key": AuthHeader(
        "x-instantly-api-key", "", "INSTANTLY_API_KEY", "Instantly API key"
    ),
    "token": AuthHeader(
        "Authorization", "Bearer ", "INSTANTLY_TOKEN", "Connection token"
    ),
    "secret": AuthHeader(
        "Authorization", "Bearer ", "MCP_AUTH_SECRET_KEY", "Secret of the MCP server"
    ),
}

_LEVEL_PARTS = {Level.READ_ONLY: "/readonly", Level.DRAFT: "/draft", Level.FULL: ""}


def claude_code(url: str, auth: AuthHeader | None) -> str:
    """Return the command that adds the server to Claude Code."""
    command = f"claude mcp add --transport http instantly {shlex.quote(url)}"
    if auth is None:
        return command
    return f'{command} --header "{auth.header}: {auth.prefix}${auth.variable}"'


def cursor(url: str, auth: AuthHeader | None) -> str:
    """Return ``.cursor/mcp.json``."""
    server: dict[str, object] = {"url": url}
    if auth is not None:
        value = f"{auth.prefix}${{env:{auth.variable}}}"
        server["headers"] = {auth.header: value}
    return json.dumps({"mcpServers": {"instantly": server}}, indent=2)


def vscode(url: str, auth: AuthHeader | None) -> str:
    """Return ``.vscode/mcp.json``. VS Code prompts for the value and stores it."""
    server: dict[str, object] = {"type": "http", "url": url}
    document: dict[str, object] = {"servers": {"instantly": server}}
    if auth is not None:
        value = f"{auth.prefix}${{input:instantly-key}}"
        server["headers"] = {auth.header: value}
        document["inputs"] = [
            {
                "type": "promptString",
                "id": "instantly-key",
                "description": auth.prompt,
                "password": True,
            }
        ]
    return json.dumps(document, indent=2)


def curl(url: str, auth: AuthHeader | None) -> str:
    """Return a command that lists the tools."""
    body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
    lines = [f"curl -s {shlex.quote(url)}", "-H 'Content-Type: application/json'"]
    if auth is not None:
        lines.append(f'-H "{auth.header}: {auth.prefix}${auth.variable}"')
    lines.append(f"-d '{body}'")
    return " \\\n  ".join(lines)


def limited(url: str, level: Level, toolsets: str) -> str:
    """Return the URL with which a client limits itself.

    :param url: the URL of the endpoint, which ends in ``/mcp`` or ``/sse``.
    :param toolsets: names separated by commas; empty for all.
    :raises UsageError: for a toolset that does not exist, or another URL.
    """
    try:
        named = toolsets_named(toolsets) if toolsets else None
    except ValueError as error:
        raise usage.UsageError(f"--toolsets: {error}") from None
    chosen = "" if named is None else f"/x/{','.join(named)}"
    chosen += _LEVEL_PARTS[level]
    if not chosen:
        return url
    path, mark, query = url.partition("?")
    if not path.rstrip("/").endswith(("/mcp", "/sse")):
        raise usage.UsageError("--url must end in /mcp or /sse to be limited")
    return f"{path.rstrip('/')}{chosen}{mark}{query}"


def _level(text: str) -> Level:
    try:
        return Level(text)
    except ValueError:
        words = ", ".join(level.value for level in Level)
        raise usage.UsageError(f"--access is one of: {words}") from None


CLIENTS: Mapping[str, Callable[[str, AuthHeader | None], str]] = {
    "claude-code": claude_code,
    "cursor": cursor,
    "vscode": vscode,
    "curl": curl,
}


class SnippetOptions(CommandOptions):
    """The options of ``snippet``: client, address and authentication."""

    synopsis = f"instantly-mcp snippet {'|'.join(CLIENTS)} [options]"
    optParameters = [
        ["url", None, DEFAULT_URL, "URL of the daemon's MCP endpoint."],
        [
            "auth",
            None,
            "none",
            "none, key (Instantly key), token (connection token) or secret (server "
            "secret).",
        ],
        ["access", None, "full", "Limit the client: read-only, draft or full."],
        ["toolsets", None, "", "Limit the client to these toolsets."],
    ]

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Accept the name of the client before or after the options."""
        words = list(options or ())
        if words and not words[0].startswith("-"):
            words = [*words[1:], words[0]]
        super().parseOptions(words)

    def parseArgs(self, client: str = "", *rest: str) -> None:
        """Store the name of the client."""
        super().parseArgs(*rest)
        if client not in CLIENTS:
            raise usage.UsageError(f"name one client: {', '.join(CLIENTS)}")
        self["client"] = client

    def postOptions(self) -> None:
        """Check the address and the kind of authentication."""
        try:
            self["url"] = endpoint(self["url"])
        except ValueError as error:
            raise usage.UsageError(f"--url {error}") from None
        if self["auth"] not in AUTH_HEADERS:
            raise usage.UsageError(f"--auth is one of: {', '.join(AUTH_HEADERS)}")
        self["url"] = limited(self["url"], _level(self["access"]), self["toolsets"])

    def run(self) -> int:
        """Print the snippet."""
        print(CLIENTS[self["client"]](self["url"], AUTH_HEADERS[self["auth"]]))
        return 0
