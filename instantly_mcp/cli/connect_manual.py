"""Writes the manual that shows how each client connects.

Usage: ``python -m instantly_mcp.cli.connect_manual docs/connect.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from ..clients.address import AUTH_HEADERS, McpAddress
from ..clients.client import Configuration, Language, McpClient, Network
from ..clients.registry import CLIENTS

URL = "https://mcp.example.com/mcp"

_FENCES = {
    Language.JSON: "json",
    Language.TOML: "toml",
    Language.SHELL: "sh",
    Language.PYTHON: "python",
    Language.TEXT: "text",
}
_MORE = {
    "claude-desktop": "[claude-desktop.md](claude-desktop.md) describes the extension, "
    "and [stdio.md](stdio.md) `instantly-mcp stdio`",
}
"""Other manuals, by client."""

_BEGIN = f"""# Connect your client

How each client connects to this server. The address here is `{URL}`,
and the client presents a connection token. `instantly-mcp snippet CLIENT` prints the
same for your server:

| Option | Meaning |
| --- | --- |
| `--url URL` | the address of your server |
| `--auth none` | no credential: the sandbox, or a server with an Instantly key |
| `--auth key` | your Instantly key |
| `--auth token` | a connection token, which the operator gives you |
| `--auth secret` | the server secret |
| `--access`, `--toolsets` | limit the client |
| `--format FORMAT` | another form of the configuration |
| `--link` | links that add the server to Cursor or VS Code |

A configuration contains no secret. It names an environment variable, such as
`INSTANTLY_TOKEN`, or a placeholder that you replace, or the client asks for the value.
The server also shows these texts, for its own address, at `/connect`.

Clients that connect from the servers of their vendor need a public HTTPS address. The
others reach every address that the computer on which they run reaches.
"""


def connect_manual() -> str:
    """Return the manual in Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _BEGIN
    yield "| Client | Name | Forms | Connects from |"
    yield "| --- | --- | --- | --- |"
    for client in CLIENTS.values():
        forms = ", ".join(f"`{each.name}`" for each in client.configurations)
        place = "its vendor" if client.network is Network.VENDOR else "your network"
        yield f"| {client.title} | `{client.id}` | {forms} | {place} |"
    address = McpAddress(URL, AUTH_HEADERS["token"])
    for client in CLIENTS.values():
        yield from _section(client, address)


def _section(client: McpClient, address: McpAddress) -> Iterator[str]:
    yield f"\n## {client.title}"
    for each in client.configurations:
        yield from _configuration(each, address)
    if client.id in _MORE:
        yield f"\nMore: {_MORE[client.id]}."
    if client.install_link is not None:
        yield f"\n`instantly-mcp snippet {client.id} --link` prints links that add it."
    if client.notes:
        yield "\nGood to know:\n"
    for note in client.notes:
        yield f"- {note}"


def _configuration(each: Configuration, address: McpAddress) -> Iterator[str]:
    yield f"\n### {each.title}\n\n{each.instructions(address)}"
    if each.files:
        yield ""
    for file in each.files:
        yield f"- `{file.path}`" + (f" ({file.system})" if file.system else "")
    yield f"\n```{_FENCES[each.language]}\n{each.write(address)}\n```"


def main() -> None:
    """Write the file named on the command line."""
    Path(sys.argv[1]).write_text(f"{connect_manual()}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
