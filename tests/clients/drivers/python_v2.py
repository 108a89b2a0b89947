"""Follows a plan with the official Python SDK in its second major version."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

from mcp import Client, StdioServerParameters, types
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


def say(step: str, **facts: object) -> None:
    """Print a step."""
    sys.stdout.write(json.dumps({"step": step, **facts}) + "\n")
    sys.stdout.flush()


def text_of(result: types.CallToolResult) -> str:
    """Return the text of a result."""
    return "".join(getattr(block, "text", "") for block in result.content)


async def answer(context: object, params: object) -> types.ElicitResult:
    """Fill in a form."""
    return types.ElicitResult(action="accept", content={"name": "Ada"})


async def call(client: Client, plan: Mapping[str, Any], step: str) -> None:
    """Call a tool; print its progress and its result."""
    heard = []

    async def report(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    result = await client.call_tool(**plan[step], progress_callback=report)
    say(
        step,
        error=result.is_error,
        text=text_of(result),
        structured=result.structured_content,
        progress=heard,
    )


async def cancel(client: Client, plan: Mapping[str, Any]) -> None:
    """Call a tool, and cancel the call on command."""

    async def report(progress: float, total: float | None, message: str | None) -> None:
        say("heard", progress=progress)

    running = asyncio.create_task(
        client.call_tool(**plan["slow"], progress_callback=report)
    )
    say("calling")
    await asyncio.to_thread(sys.stdin.readline)
    running.cancel()
    await asyncio.wait([running])
    say("cancelled", finished=not running.cancelled())


async def main(plan: Mapping[str, Any]) -> None:
    """Follow the plan."""
    url, headers = plan["url"], plan["headers"]
    transport: Any
    async with create_mcp_http_client(headers) as http_client:
        if "started" in plan:
            transport = stdio_client(StdioServerParameters(**plan["started"]))
        elif url.endswith("/sse"):
            transport = sse_client(url, headers=headers)
        else:
            transport = streamable_http_client(url, http_client=http_client)
        async with Client(
            transport, mode=plan["mode"], elicitation_callback=answer
        ) as client:
            name = client.server_info.name if client.server_info else None
            say("connected", version=client.protocol_version, server=name)
            listed = await client.list_tools()
            say("listed", tools=[tool.name for tool in listed.tools])
            for step in ("call", "fail", "bad", "progress", "ask"):
                if step in plan:
                    await call(client, plan, step)
            await cancel(client, plan)
            listed = await client.list_tools(cache_mode="bypass")
            say("still", tools=[tool.name for tool in listed.tools])
    say("disconnected")


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
