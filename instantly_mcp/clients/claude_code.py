"""Claude Code, by its command."""

from __future__ import annotations

import shlex

from .address import McpAddress
from .client import Configuration, Language, McpClient


def _command(address: McpAddress) -> str:
    command = f"claude mcp add --transport http instantly {shlex.quote(address.url)}"
    auth = address.auth
    if auth is None:
        return command
    return f'{command} --header "{auth.header}: {auth.prefix}${auth.variable}"'


CLAUDE_CODE = McpClient(
    id="claude-code",
    title="Claude Code",
    configurations=(
        Configuration(
            name="command",
            title="Command",
            where="Run it in a terminal.",
            language=Language.SHELL,
            write=_command,
        ),
    ),
)
