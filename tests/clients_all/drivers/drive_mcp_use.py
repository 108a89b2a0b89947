"""Drives mcp-use: the LangChain tools that its agent gets."""

# mypy: ignore-errors

from __future__ import annotations

import json
import os

os.environ["MCP_USE_ANONYMIZED_TELEMETRY"] = "false"

from harness import Shown, raised, serve
from langchain_core.utils.function_calling import convert_to_openai_tool
from mcp_use import MCPClient
from mcp_use.agents.adapters.langchain_adapter import LangChainAdapter
from pydantic import ValidationError


class McpUse:
    """The client, and the tools that its adapter makes."""

    async def connect(self, url, headers):
        """Open a session."""
        server = {"url": url, "headers": headers}
        self._client = MCPClient.from_dict({"mcpServers": {"instantly": server}})
        session = await self._client.create_session("instantly")
        used = session.connector.transport_type
        wanted = "SSE" if url.endswith("/sse") else "streamable HTTP"
        assert used == wanted, f"the client uses {used}"

    async def tools(self):
        """Make the tools, and their descriptions for a model."""
        tools = await LangChainAdapter().create_tools(self._client)
        self._tools = {tool.name: tool for tool in tools}
        described = [convert_to_openai_tool(tool)["function"] for tool in tools]
        return {each["name"]: each["parameters"] for each in described}

    async def call(self, name, arguments):
        """Execute a tool call of a model; return the message for the model."""
        if not hasattr(self, "_tools"):
            await self.tools()
        call = {"type": "tool_call", "id": "1", "name": name, "args": arguments}
        try:
            content = (await self._tools[name].ainvoke(call)).content
        except ValidationError as error:
            return raised(error)
        text = content if isinstance(content, str) else json.dumps(content)
        return Shown(text, error='"error"' in text[:200])

    async def close(self):
        """Close the session."""
        await self._client.close_all_sessions()


serve(McpUse)
