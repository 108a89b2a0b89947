"""``instantly-mcp snippet``: prints the configuration of a client.

A snippet never contains a secret: it names an environment variable instead.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.python import usage

from .._rights import Level
from ..clients.address import AUTH_HEADERS, McpAddress, limited
from ..clients.registry import CLIENTS
from ..daemon.settings.parsers import endpoint
from ..daemon.settings.validation import toolsets_named
from .options import LEVELS, TOOLSETS, CommandOptions, OptionValues

DEFAULT_URL = "http://127.0.0.1:3000/mcp"


def _level(text: str) -> Level:
    try:
        return Level(text)
    except ValueError:
        words = ", ".join(level.value for level in Level)
        raise usage.UsageError(f"--access is one of: {words}") from None


def _toolsets(text: str) -> Sequence[str] | None:
    try:
        return toolsets_named(text) if text else None
    except ValueError as error:
        raise usage.UsageError(f"--toolsets: {error}") from None


class SnippetOptions(CommandOptions):
    """The options of ``snippet``: client, address and authentication."""

    synopsis = f"instantly-mcp snippet {'|'.join(CLIENTS)} [options]"
    examples = (
        "instantly-mcp snippet claude-code",
        "instantly-mcp snippet cursor --url https://mcp.example.com/mcp --auth token",
    )
    takes = {
        "auth": OptionValues(tuple(AUTH_HEADERS)),
        "access": LEVELS,
        "toolsets": TOOLSETS,
    }
    argument = OptionValues(tuple(CLIENTS))
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
        [
            "toolsets",
            None,
            "",
            f"Limit the client to some of: {', '.join(TOOLSETS.words)}.",
        ],
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
        if self["auth"] not in AUTH_HEADERS:
            raise usage.UsageError(f"--auth is one of: {', '.join(AUTH_HEADERS)}")
        level, toolsets = _level(self["access"]), _toolsets(self["toolsets"])
        try:
            self["url"] = limited(endpoint(self["url"]), level, toolsets)
        except ValueError as error:
            raise usage.UsageError(f"--url {error}") from None

    def run(self) -> int:
        """Print the snippet."""
        address = McpAddress(self["url"], AUTH_HEADERS[self["auth"]])
        print(CLIENTS[self["client"]].preferred.write(address))
        return 0
