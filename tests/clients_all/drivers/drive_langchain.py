"""Drives LangChain's adapters: tools that open a session for each call."""

# mypy: ignore-errors

from __future__ import annotations

from harness import Shown, raised, serve
from langchain_core.tools import ToolException
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_mcp_adapters.client import MultiServerMCPClient


class LangChain:
    """The client, and the tools that it makes."""

    async def connect(self, url, headers):
        """Describe the server; the client connects when it needs to."""
        transport = "sse" if url.endswith("/sse") else "http"
        server = {"url": url, "transport": transport, "headers": headers}
        self._client = MultiServerMCPClient({"instantly": server})
        async with self._client.session("instantly", auto_initialize=False) as session:
            return (await session.initialize()).protocolVersion

    async def tools(self):
        """Make the tools, and their descriptions for a model."""
        tools = await self._client.get_tools()
        self._tools = {tool.name: tool for tool in tools}
        described = [convert_to_openai_tool(tool)["function"] for tool in tools]
        return {each["name"]: each["parameters"] for each in described}

    async def call(self, name, arguments):
        """Execute a tool call of a model; return the message for the model."""
        if not hasattr(self, "_tools"):
            await self.tools()
        call = {"type": "tool_call", "id": "1", "name": name, "args": arguments}
        try:
            message = await self._tools[name].ainvoke(call)
        except ToolException as error:
            return raised(error)
        return Shown(message.text, error=message.status == "error")

    async def close(self):
        """Nothing is open between calls."""


serve(LangChain)
