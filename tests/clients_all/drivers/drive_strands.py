"""Drives Strands Agents: its MCP tools, called as its agent calls them."""

# mypy: ignore-errors

from __future__ import annotations

import asyncio

from harness import Shown, serve
from mcp.client.sse import sse_client
from strands.tools.mcp import MCPClient


class Strands:
    """The client, which keeps its session in a thread of its own."""

    async def connect(self, url, headers):
        """Start the client."""
        if url.endswith("/sse"):
            self._client = MCPClient(lambda: sse_client(url, headers=headers))
        else:
            self._client = MCPClient(url=url, headers=headers)
        await asyncio.to_thread(self._client.start)
        session = self._client._background_thread_session
        return getattr(session, "protocol_version", None)

    async def tools(self):
        """Make the tools, and their descriptions for a model."""
        tools = await asyncio.to_thread(self._client._list_all_tools_sync)
        self._tools = {tool.tool_name: tool for tool in tools}
        specs = [tool.tool_spec for tool in tools]
        return {spec["name"]: spec["inputSchema"]["json"] for spec in specs}

    async def call(self, name, arguments):
        """Execute a tool use of a model; return the result for the model."""
        use = {"toolUseId": "1", "name": name, "input": arguments}
        if not hasattr(self, "_tools"):
            await self.tools()
        async for event in self._tools[name].stream(use, {}):
            result = event.tool_result
        text = "".join(block.get("text", "") for block in result["content"])
        return Shown(text, error=result["status"] == "error")

    async def close(self):
        """Stop the client."""
        await asyncio.to_thread(self._client.stop, None, None, None)


serve(Strands)
