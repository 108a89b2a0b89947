"""Drives the official Python SDK in its first major version."""

# mypy: ignore-errors

from __future__ import annotations

from contextlib import AsyncExitStack

from harness import Shown, serve, text_of
from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamablehttp_client


class FirstSdk:
    """A session."""

    async def connect(self, url, headers):
        """Open the transport, and initialize the session."""
        connect = sse_client if url.endswith("/sse") else streamablehttp_client
        self._stack = AsyncExitStack()
        streams = await self._stack.enter_async_context(connect(url, headers=headers))
        session = ClientSession(*streams[:2])
        self._session = await self._stack.enter_async_context(session)
        return (await self._session.initialize()).protocolVersion

    async def tools(self):
        """List the tools."""
        listed = await self._session.list_tools()
        return {tool.name: tool.inputSchema for tool in listed.tools}

    async def call(self, name, arguments):
        """Call a tool."""
        result = await self._session.call_tool(name, arguments)
        return Shown(text_of(result), error=result.isError)

    async def close(self):
        """Close the session and the transport."""
        await self._stack.aclose()


serve(FirstSdk)
