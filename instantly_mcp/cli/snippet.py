"""``instantly-mcp snippet``: prints the configuration of a client.

The snippet alone goes to standard output; where to put it goes to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from textwrap import fill

from twisted.python import usage

from .._rights import Level
from ..clients.address import AUTH_HEADERS, McpAddress, limited
from ..clients.client import Configuration, McpClient
from ..clients.registry import CLIENTS
from ..daemon.settings.parsers import endpoint
from ..daemon.settings.validation import toolsets_named
from .options import LEVELS, TOOLSETS, CommandOptions, OptionValues

DEFAULT_URL = "http://127.0.0.1:3000/mcp"

_CHOICES = fill(
    f"CLIENT is one of {', '.join(CLIENTS)}; without one, all are listed.",
    width=78,
    break_on_hyphens=False,
)

_FORMATS = tuple(
    dict.fromkeys(
        each.name for client in CLIENTS.values() for each in client.configurations
    )
)


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

    synopsis = f"instantly-mcp snippet [CLIENT] [options]\n\n{_CHOICES}\n"
    examples = (
        "instantly-mcp snippet claude-code",
        "instantly-mcp snippet cursor --url https://mcp.example.com/mcp --auth token",
        "instantly-mcp snippet vscode --link",
    )
    takes = {
        "auth": OptionValues(tuple(AUTH_HEADERS)),
        "access": LEVELS,
        "toolsets": TOOLSETS,
        "format": OptionValues(_FORMATS),
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
        ["format", None, "", f"Another form: {', '.join(_FORMATS)}."],
    ]
    optFlags = [
        ["link", None, "Print links that open the client and add the server."],
    ]

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Accept the name of the client before or after the options."""
        words = list(options or ())
        if words and not words[0].startswith("-"):
            words = [*words[1:], words[0]]
        super().parseOptions(words)

    def parseArgs(self, client: str = "", *rest: str) -> None:
        """Store the name of the client; none lists all of them."""
        super().parseArgs(*rest)
        if client and client not in CLIENTS:
            raise usage.UsageError(f"name one client: {', '.join(CLIENTS)}")
        self["client"] = client

    def postOptions(self) -> None:
        """Check the address, the kind of authentication and the format."""
        if self["auth"] not in AUTH_HEADERS:
            raise usage.UsageError(f"--auth is one of: {', '.join(AUTH_HEADERS)}")
        level, toolsets = _level(self["access"]), _toolsets(self["toolsets"])
        try:
            url = limited(endpoint(self["url"]), level, toolsets)
            self["url"] = url
            self["address"] = McpAddress(url, AUTH_HEADERS[self["auth"]])
        except ValueError as error:
            raise usage.UsageError(f"--url {error}") from None
        if self["client"]:
            self._check_client(CLIENTS[self["client"]])

    def run(self) -> int:
        """Print the snippet, or the links, or the names of all clients."""
        if not self["client"]:
            print(_listed())
            return 0
        client, address = CLIENTS[self["client"]], self["address"]
        if self["link"] and client.install_link is not None:
            link = client.install_link(address)
            print(f"{link.app}\n{link.web}")
            return 0
        chosen = _configuration(client, self["format"])
        _remark(f"{client.title}: {chosen.instructions(address)}")
        for file in chosen.files:
            _remark(f"  {file.path}" + (f" ({file.system})" if file.system else ""))
        print(chosen.write(address), flush=True)
        for note in _notes(client, chosen, address):
            _remark(note)
        return 0

    def _check_client(self, client: McpClient) -> None:
        if self["link"] and client.install_link is None:
            able = [each.id for each in CLIENTS.values() if each.install_link]
            raise usage.UsageError(f"--link is for: {', '.join(able)}")
        names = [each.name for each in client.configurations]
        if self["format"] and self["format"] not in names:
            raise usage.UsageError(
                f"--format of {client.id} is one of: {', '.join(names)}"
            )


def _configuration(client: McpClient, name: str) -> Configuration:
    """Return the configuration of this name; without a name the recommended one."""
    chosen = [each for each in client.configurations if each.name == name]
    return chosen[0] if chosen else client.preferred


def _listed() -> str:
    """Return a line for each client: its name, title and formats."""
    width = max(map(len, CLIENTS))
    lines = [
        f"{client.id:{width}}  {client.title} "
        f"({', '.join(each.name for each in client.configurations)})"
        for client in CLIENTS.values()
    ]
    usual = "instantly-mcp snippet CLIENT [--format FORMAT] prints the configuration."
    return "\n".join([*lines, "", usual])


def _notes(
    client: McpClient, chosen: Configuration, address: McpAddress
) -> Iterator[str]:
    obstacle = client.obstacle(address)
    if obstacle is not None:
        yield obstacle
    yield from client.notes
    others = [each.name for each in client.configurations if each is not chosen]
    if others:
        yield f"Other forms: --format {' or '.join(others)}"


def _remark(text: str) -> None:
    """Print a line for people, apart from the snippet, which may be piped."""
    print(f"# {text}", file=sys.stderr, flush=True)
