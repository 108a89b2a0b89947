"""Follows a plan with the official Python SDK in its first major version."""

# mypy: ignore-errors
# The checker sees the second major version, which is installed beside this code.

from __future__ import annotations

import asyncio
import json
import sys

from mcp import ClientSession, StdioServerParameters, types
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamablehttp_client


def say(step, **facts):
    """Print a step."""
    sys.stdout.write(json.dumps({"step": step, **facts}) + "\n")
    sys.stdout.flush()


def text_of(result):
    """Return the text of a result."""
    return "".join(getattr(block, "text", "") for block in result.content)


async def answer(context, params):
    """Fill in a form."""
    return types.ElicitResult(action="accept", content={"name": "Ada"})


async def call(session, plan, step):
    """Call a tool; print its progress and its result."""
    heard = []

    async def report(progress, total, message):
        heard.append(progress)

    result = await session.call_tool(**plan[step], progress_callback=report)
    structured = result.structuredContent
    say(
        step,
        error=result.isError,
        text=text_of(result),
        structured=structured,
        progress=heard,
    )


async def cancel(session, plan):
    """Call a tool, and cancel the call on command."""

    async def report(progress, total, message):
        say("heard", progress=progress)

    # This version has no method to cancel: the notification is sent by hand, with the
    # id that the session gives its next request.
    number = session._request_id
    running = asyncio.create_task(
        session.call_tool(**plan["slow"], progress_callback=report)
    )
    say("calling")
    await asyncio.to_thread(sys.stdin.readline)
    notice = types.CancelledNotification(
        method="notifications/cancelled",
        params=types.CancelledNotificationParams(requestId=number, reason="Enough"),
    )
    await session.send_notification(types.ClientNotification(notice))
    running.cancel()
    await asyncio.wait([running])
    say("cancelled", finished=not running.cancelled())


def connected(plan):
    """Return the transport that the plan wants."""
    if "started" in plan:
        return stdio_client(StdioServerParameters(**plan["started"]))
    connect = sse_client if plan["url"].endswith("/sse") else streamablehttp_client
    return connect(plan["url"], headers=plan["headers"])


async def main(plan):
    """Follow the plan."""
    async with (
        connected(plan) as streams,
        ClientSession(*streams[:2], elicitation_callback=answer) as session,
    ):
        began = await session.initialize()
        say("connected", version=began.protocolVersion, server=began.serverInfo.name)
        listed = await session.list_tools()
        say("listed", tools=[tool.name for tool in listed.tools])
        for step in ("call", "fail", "bad", "progress", "ask"):
            if step in plan:
                await call(session, plan, step)
        await cancel(session, plan)
        listed = await session.list_tools()
        say("still", tools=[tool.name for tool in listed.tools])
    say("disconnected")


asyncio.run(main(json.loads(sys.argv[1])))
