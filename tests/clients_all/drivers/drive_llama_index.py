"""Drives LlamaIndex: function tools that open a session for each call."""

# mypy: ignore-errors

from __future__ import annotations

from harness import Shown, serve
from llama_index.core.tools.calling import acall_tool
from llama_index.tools.mcp import BasicMCPClient, McpToolSpec


class LlamaIndex:
    """The client, and the tools that it makes."""

    async def connect(self, url, headers):
        """Describe the server; the client connects when it needs to."""
        self._client = BasicMCPClient(url, headers=headers)
        async with self._client._run_session() as session:
            return session.protocol_version

    async def tools(self):
        """Make the tools, and their descriptions for a model."""
        tools = await McpToolSpec(self._client).to_tool_list_async()
        self._tools = {tool.metadata.name: tool for tool in tools}
        described = [tool.metadata.to_openai_tool()["function"] for tool in tools]
        return {each["name"]: each["parameters"] for each in described}

    async def call(self, name, arguments):
        """Execute a tool call of a model; return what the model is shown."""
        if not hasattr(self, "_tools"):
            await self.tools()
        output = await acall_tool(self._tools[name], arguments)
        failed = output.is_error or getattr(output.raw_output, "is_error", False)
        return Shown(output.content, error=failed)

    async def close(self):
        """Nothing is open between calls."""


serve(LlamaIndex)
