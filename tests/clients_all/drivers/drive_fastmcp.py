"""Drives FastMCP's client."""

# mypy: ignore-errors

from __future__ import annotations

from fastmcp import Client
from fastmcp.client.transports import SSETransport, StreamableHttpTransport
from fastmcp.exceptions import ToolError
from harness import Shown, raised, serve, text_of


class FastMcp:
    """FastMCP's client."""

    async def connect(self, url, headers):
        """Enter the client."""
        kind = SSETransport if url.endswith("/sse") else StreamableHttpTransport
        self._client = Client(kind(url, headers=headers))
        await self._client.__aenter__()
        return self._client.session.protocol_version

    async def tools(self):
        """List the tools."""
        tools = await self._client.list_tools()
        return {tool.name: tool.input_schema for tool in tools}

    async def call(self, name, arguments):
        """Call a tool: an error is raised."""
        try:
            return Shown(text_of(await self._client.call_tool(name, arguments)))
        except ToolError as error:
            return raised(error)

    async def close(self):
        """Leave the client."""
        await self._client.__aexit__(None, None, None)


serve(FastMcp)
