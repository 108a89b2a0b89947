"""Cards: pages that a client shows beside the results of a tool (MCP Apps, SEP-1865).

A tool names the page, which is a resource, and a client that declares the extension
renders it in a frame of its own. Other clients see nothing of it. What is declared
here follows the revision of 2026-01-26:
https://github.com/modelcontextprotocol/ext-apps/blob/main/specification/2026-01-26/apps.mdx
"""

from __future__ import annotations

from collections.abc import Iterable

from ..._json_codec import JsonObject
from .tool import Tool

CARD_EXTENSION = "io.modelcontextprotocol/ui"
CARD_TYPE = "text/html;profile=mcp-app"
"""The media type of every card."""

_DECLARED: JsonObject = {CARD_EXTENSION: {"mimeTypes": [CARD_TYPE]}}


def shows_cards(capabilities: JsonObject) -> bool:
    """Say whether a client with these capabilities shows cards of our type."""
    extensions = capabilities.get("extensions")
    found = extensions.get(CARD_EXTENSION) if isinstance(extensions, dict) else None
    types = found.get("mimeTypes") if isinstance(found, dict) else None
    return isinstance(types, list) and CARD_TYPE in types


def card_extension(tools: Iterable[Tool], capabilities: JsonObject) -> JsonObject:
    """Return what a server with these tools declares of the extension to a client."""
    if shows_cards(capabilities) and any(tool.card for tool in tools):
        return _DECLARED
    return {}
