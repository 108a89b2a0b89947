"""curl, which shows whether the server answers."""

from __future__ import annotations

import shlex

from .address import McpAddress
from .client import Configuration, Language, McpClient

_BODY = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'


def _command(address: McpAddress) -> str:
    lines = [
        f"curl -s {shlex.quote(address.url)}",
        "-H 'Content-Type: application/json'",
    ]
    auth = address.auth
    if auth is not None:
        lines.append(f'-H "{auth.header}: {auth.prefix}${auth.variable}"')
    lines.append(f"-d '{_BODY}'")
    return " \\\n  ".join(lines)


CURL = McpClient(
    id="curl",
    title="curl",
    configurations=(
        Configuration(
            name="command",
            title="Command",
            where="Run it in a terminal. It lists the tools of the server.",
            language=Language.SHELL,
            write=_command,
        ),
    ),
)
