"""Follows a plan through ``mcp-remote``, as a program that supports only stdio does."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from typing import Any

Message = dict[str, Any]
TOKEN = "slow"


def say(step: str, **facts: object) -> None:
    """Print a step."""
    sys.stdout.write(json.dumps({"step": step, **facts}) + "\n")
    sys.stdout.flush()


def names(result: Message) -> list[str]:
    """Return the names of listed tools."""
    return [tool["name"] for tool in result["tools"]]


class Bridge:
    """The bridge; each message is one line."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._last = 0

    def send(self, message: Message) -> None:
        """Write a line."""
        assert self._process.stdin is not None
        line = json.dumps({"jsonrpc": "2.0", **message})
        self._process.stdin.write(line.encode() + b"\n")

    def tell(self, method: str, **params: Any) -> None:
        """Send a notification."""
        self.send({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> int:
        """Send a request; return its id."""
        self._last += 1
        self.send({"id": self._last, "method": method, "params": params})
        return self._last

    async def read(self) -> Message:
        """Read a line."""
        assert self._process.stdout is not None
        message: Message = json.loads(await self._process.stdout.readline())
        return message

    async def answer(self, number: int, progress: list[float] | None = None) -> Message:
        """Read until a request is answered; note the progress on the way."""
        while True:
            message = await self.read()
            if message.get("method") == "notifications/progress":
                if progress is not None:
                    progress.append(message["params"]["progress"])
            elif message.get("id") == number and "method" not in message:
                result: Message = message["result"]
                return result

    async def close(self) -> int:
        """End the program as usual on stdio: close the pipe."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return await self._process.wait()


async def call(bridge: Bridge, plan: Mapping[str, Any], step: str) -> None:
    """Call a tool; print its progress and its result."""
    heard: list[float] = []
    meta = {"progressToken": step}
    number = bridge.ask("tools/call", **plan[step], _meta=meta)
    result = await bridge.answer(number, heard)
    text = "".join(block.get("text", "") for block in result["content"])
    say(
        step,
        error=result.get("isError", False),
        text=text,
        structured=result.get("structuredContent"),
        progress=heard,
    )


async def cancel(bridge: Bridge, plan: Mapping[str, Any]) -> None:
    """Call a tool, cancel it on command, and print all other messages."""
    meta = {"progressToken": TOKEN}
    number = bridge.ask("tools/call", **plan["slow"], _meta=meta)
    say("calling")
    word = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    reading = asyncio.create_task(bridge.read())
    while not word.done():
        await asyncio.wait({word, reading}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            message = reading.result()
            if message.get("method") == "notifications/progress":
                say("heard", progress=message["params"]["progress"])
            reading = asyncio.create_task(bridge.read())
    bridge.tell("notifications/cancelled", requestId=number, reason="Enough")
    listing = bridge.ask("tools/list")
    finished = False
    while True:
        message = await reading
        if message.get("id") == listing:
            break
        finished = finished or "result" in message
        reading = asyncio.create_task(bridge.read())
    say("cancelled", finished=finished)
    say("still", tools=names(message["result"]))


async def main(plan: Mapping[str, Any]) -> None:
    """Follow the plan."""
    headers = [
        word
        for name, value in plan["headers"].items()
        for word in ("--header", f"{name}:{value}")
    ]
    how = "sse-only" if plan["url"].endswith("/sse") else "http-only"
    command = ["mcp-remote", plan["url"], "--allow-http", "--transport", how]
    process = await asyncio.create_subprocess_exec(
        *command, *headers, stdin=PIPE, stdout=PIPE, limit=2**24
    )
    bridge = Bridge(process)
    opening = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "instantly-mcp-tests", "version": "1.0.0"},
    }
    began = await bridge.answer(bridge.ask("initialize", **opening))
    bridge.tell("notifications/initialized")
    version, server = began["protocolVersion"], began["serverInfo"]["name"]
    say("connected", version=version, server=server)
    listed = await bridge.answer(bridge.ask("tools/list"))
    say("listed", tools=names(listed))
    for step in ("call", "fail", "bad", "progress"):
        if step in plan:
            await call(bridge, plan, step)
    await cancel(bridge, plan)
    say("disconnected", status=await bridge.close())


asyncio.run(main(json.loads(sys.argv[1])))
