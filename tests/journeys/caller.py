"""Makes the calls of a transcript with the official Python SDK.

``python -m tests.journeys.caller`` reads an object from standard input: ``server``, a
URL or the command of a stdio server, and ``calls``, a list of objects with ``tool``,
``arguments`` and ``answers``. For each call it writes a list of lines: the questions of
the server, the answers, and the text of the result. It sends the token in
``INSTANTLY_TOKEN``, if there is one, as people's clients do.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from mcp import Client, StdioServerParameters, stdio_client, types
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


class Person:
    """Answers the questions of the server with the lines after ``!``, in order."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.lines: list[str] = []

    async def answer(self, context: object, params: Any) -> types.ElicitResult:
        """Note the question, and give the next answer: a JSON object, or a refusal."""
        self.lines += [f"? {line}" for line in params.message.splitlines()]
        given = self.answers.pop(0) if self.answers else "cancel"
        self.lines.append(f"! {given}")
        if given in {"decline", "cancel"}:
            return types.ElicitResult(action=given)  # type: ignore[arg-type]
        return types.ElicitResult(action="accept", content=json.loads(given))


def lines_of(result: types.CallToolResult) -> Iterator[str]:
    """Yield the lines of a result's text."""
    for block in result.content:
        yield from getattr(block, "text", f"[{block.type}]").splitlines()


async def made(client: Client, call: Mapping[str, Any]) -> Sequence[str]:
    """Make one call; return the lines of its result."""
    if call["tool"] == "tools/list":
        listed = await client.list_tools()
        return [tool.name for tool in listed.tools]
    return list(lines_of(await client.call_tool(call["tool"], call["arguments"])))


async def main(plan: Mapping[str, Any]) -> None:
    """Make the calls."""
    person = Person()
    async with AsyncExitStack() as stack:
        transport: Any
        server = plan["server"]
        if server.startswith(("http://", "https://")):
            token = os.environ.get("INSTANTLY_TOKEN")
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            http = await stack.enter_async_context(create_mcp_http_client(headers))
            transport = streamable_http_client(server, http_client=http)
        else:
            command, *words = shlex.split(os.path.expandvars(server))
            transport = stdio_client(
                StdioServerParameters(command=command, args=words, env={**os.environ})
            )
        client = await stack.enter_async_context(
            Client(transport, elicitation_callback=person.answer)
        )
        for call in plan["calls"]:
            person.answers, person.lines = list(call["answers"]), []
            result = await made(client, call)
            sys.stdout.write(json.dumps([*person.lines, *result]) + "\n")


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
