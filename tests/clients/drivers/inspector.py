"""Follows a plan with the Inspector's command line, which runs once per step.

It prints no progress, so that a step with progress shows only that its result arrives
after the progress. Ctrl-C cancels a call.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from typing import Any

Result = dict[str, Any]
Plan = Mapping[str, Any]

TOOL_FAILED = 5
"""The exit status when a tool's result, which is printed too, is an error."""


def say(step: str, **facts: object) -> None:
    """Print a step."""
    sys.stdout.write(json.dumps({"step": step, **facts}) + "\n")
    sys.stdout.flush()


async def start(plan: Plan, method: str, *more: str) -> Process:
    """Start the Inspector for one method."""
    command = ["mcp-inspector", "--cli", plan["url"], "--protocol-era", plan["mode"]]
    for name, value in plan["headers"].items():
        command += ["--header", f"{name}: {value}"]
    command += ["--format", "json", "--quiet", "--method", method]
    return await asyncio.create_subprocess_exec(*command, *more, stdout=PIPE)


async def run(plan: Plan, method: str, *more: str) -> Result:
    """Run the Inspector for one method; return the result that it prints."""
    process = await start(plan, method, *more)
    output, _ = await process.communicate()
    if process.returncode not in (0, TOOL_FAILED):
        raise SystemExit(f"{method}: status {process.returncode}")
    result: Result = json.loads(output)["result"]
    return result


def calling(called: Mapping[str, Any]) -> list[str]:
    """Return the arguments that call a tool."""
    arguments = json.dumps(called["arguments"])
    return ["--tool-name", called["name"], "--tool-args-json", arguments]


async def call(plan: Plan, step: str) -> None:
    """Call a tool; print its result."""
    result = await run(plan, "tools/call", *calling(plan[step]))
    text = "".join(block.get("text", "") for block in result["content"])
    say(
        step,
        error=result.get("isError", False),
        text=text,
        structured=result.get("structuredContent"),
        progress=[],
    )


async def cancel(plan: Plan) -> None:
    """Call a tool and press Ctrl-C."""
    process = await start(plan, "tools/call", *calling(plan["slow"]))
    say("calling")
    await asyncio.to_thread(sys.stdin.readline)
    process.send_signal(signal.SIGINT)
    output, _ = await process.communicate()
    say("cancelled", finished=bool(output))


async def main(plan: Plan) -> None:
    """Follow the plan."""
    began = await run(plan, "initialize")
    version, server = began["protocolVersion"], began["serverInfo"]["name"]
    say("connected", version=version, server=server)
    listed = await run(plan, "tools/list")
    say("listed", tools=[tool["name"] for tool in listed["tools"]])
    for step in ("call", "fail", "bad", "progress"):
        if step in plan:
            await call(plan, step)
    await cancel(plan)
    listed = await run(plan, "tools/list")
    say("still", tools=[tool["name"] for tool in listed["tools"]])
    say("disconnected")


asyncio.run(main(json.loads(sys.argv[1])))
