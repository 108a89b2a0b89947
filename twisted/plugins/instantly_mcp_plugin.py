"""Makes ``twistd instantly_mcp`` known. Imports nothing of ours: twistd lists it."""

from twisted.application.service import ServiceMaker

instantly_mcp = ServiceMaker(
    "instantly-mcp",
    "instantly_mcp.tap",
    "An on-prem MCP server for the Instantly.ai API.",
    "instantly_mcp",
)
