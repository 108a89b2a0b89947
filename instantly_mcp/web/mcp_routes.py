"""What may follow the paths of the MCP routes, and how logs and metrics show it."""

from __future__ import annotations

from ..pipeline.mcp_path import McpPath

NOT_KEYS = frozenset(
    {
        *("mcp", "sse", "messages", "message", "ping", "health", "healthz"),
        *("ready", "readyz", "info", "register", "authorize", "token", "server-card"),
    }
)
"""Route names that some clients append to ``/mcp`` or ``/sse``; they are not keys."""


def route_template(base: str, path: McpPath) -> str:
    """Return the template of a path, which the access log and the metrics show.

    There are four for each route, because a metric has a series for each of them.
    """
    selection = "/{selection}" if path.selects else ""
    return base + selection if path.key is None else f"{base}{selection}/{{key}}"
