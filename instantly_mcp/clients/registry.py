"""The clients, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from .claude import CLAUDE_CODE, CLAUDE_CONNECTOR, CLAUDE_DESKTOP
from .client import McpClient
from .editors import CLINE, CURSOR, VSCODE, WINDSURF, ZED
from .frameworks import LANGCHAIN, OPENAI_AGENTS
from .n8n import N8N
from .terminals import CODEX, CURL, GEMINI_CLI, OPENCODE
from .vendors import CHATGPT, MESSAGES_API, RESPONSES_API

_SHOWN = (
    CLAUDE_CODE,
    CLAUDE_DESKTOP,
    CLAUDE_CONNECTOR,
    CURSOR,
    VSCODE,
    WINDSURF,
    CLINE,
    ZED,
    CODEX,
    GEMINI_CLI,
    OPENCODE,
    CHATGPT,
    N8N,
    LANGCHAIN,
    OPENAI_AGENTS,
    MESSAGES_API,
    RESPONSES_API,
    CURL,
)

CLIENTS: Mapping[str, McpClient] = {client.id: client for client in _SHOWN}
"""The clients by their ids, in the order in which they are shown."""
