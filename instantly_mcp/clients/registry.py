"""The clients, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from .claude_code import CLAUDE_CODE
from .client import McpClient
from .curl import CURL
from .editors import CURSOR, VSCODE

CLIENTS: Mapping[str, McpClient] = {
    client.id: client for client in (CLAUDE_CODE, CURSOR, VSCODE, CURL)
}
"""The clients by their ids, in the order in which they are shown."""
