"""The severities of MCP log messages, the least severe first (RFC 5424)."""

from __future__ import annotations

LOG_LEVELS = (
    "debug",
    "info",
    "notice",
    "warning",
    "error",
    "critical",
    "alert",
    "emergency",
)
