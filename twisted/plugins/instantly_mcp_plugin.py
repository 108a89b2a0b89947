"""Registers the ``twistd instantly_mcp`` plugin.

It does not import the package: twistd imports every plugin to list them.
"""

from twisted.application.service import ServiceMaker

instantly_mcp = ServiceMaker(
    "instantly-mcp",
    "instantly_mcp.tap",
    "An on-prem MCP server for the Instantly.ai API.",
    "instantly_mcp",
)
