"""Drives the official Python SDK in its second major version, with its defaults."""

# mypy: ignore-errors

from __future__ import annotations

from contextlib import AsyncExitStack

from harness import Shown, serve, text_of
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


class SecondSdk:
    """A client, which asks for the era of the server."""

    async def connect(self, url, headers):
        """Open the transport, and enter the client."""
        self._stack = AsyncExitStack()
        if url.endswith("/sse"):
            transport = sse_client(url, headers=headers)
        else:
            http = create_mcp_http_client(headers)
            transport = streamable_http_client(
                url, http_client=await self._stack.enter_async_context(http)
            )
        client = Client(transport, mode="auto")
        self._client = await self._stack.enter_async_context(client)
        return self._client.protocol_version

    async def tools(self):
        """List the tools."""
        listed = await self._client.list_tools(cache_mode="bypass")
        return {tool.name: tool.input_schema for tool in listed.tools}

    async def call(self, name, arguments):
        """Call a tool."""
        result = await self._client.call_tool(name, arguments)
        return Shown(text_of(result), error=result.is_error)

    async def close(self):
        """Leave the client, and close the transport."""
        await self._stack.aclose()


serve(SecondSdk)
