"""Plays calls of a client without a model, with the official SDK in its own process.

``python -m tests.e2e.player URL`` reads plays from standard input, one JSON object a
line: ``{"key": …, "calls": [[tool, arguments], …]}``. For each it connects with the
key, makes the calls, and writes ``{"value": {"called": [...], "errors": [...]}}``.

A text in the arguments such as ``lead:ADDRESS`` or ``campaign:NAME`` stands for an id,
which the player looks up as a model would; without an address it is that of the last
on the first page.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

import httpx2
from mcp import Client, types
from mcp.client.streamable_http import streamable_http_client

from tests.support.timing import PATIENCE_SECONDS

LOOKUPS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "lead": ("list_leads", "search", "id", {}),
    "mail": ("list_emails", "lead", "id", {}),
    "thread": ("list_emails", "lead", "thread_id", {"is_unread": True}),
    "campaign": ("list_campaigns", "search", "id", {}),
}
"""The tool that finds an id, its argument, the id's member, and other arguments."""


class Player:
    """Makes the calls of one play."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.called: list[str] = []
        self.errors: list[str] = []

    async def play(self, calls: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Make the calls in order; a failed call does not end the play."""
        for tool, arguments in calls:
            filled = {name: await self.fill(each) for name, each in arguments.items()}
            await self.call(tool, filled)

    async def call(self, tool: str, arguments: dict[str, Any]) -> Any:
        """Call a tool; return its structured result."""
        self.called.append(tool)
        result = await self.client.call_tool(tool, arguments)
        if result.is_error:
            self.errors.append(f"{tool}: {text_of(result)}")
        return result.structured_content

    async def fill(self, value: Any) -> Any:
        """Replace what stands for an id, also within lists."""
        if isinstance(value, list):
            return [await self.fill(each) for each in value]
        if not isinstance(value, str) or value.partition(":")[0] not in LOOKUPS:
            return value
        kind, _, address = value.partition(":")
        tool, argument, member, more = LOOKUPS[kind]
        if address:
            more = {**more, argument: address}
        found = await self.call(tool, more)
        return found["items"][0 if address else -1][member]


def text_of(result: types.CallToolResult) -> str:
    """Return the text of a result."""
    return "".join(getattr(block, "text", "") for block in result.content)


async def played(url: str, play: dict[str, Any]) -> dict[str, Any]:
    """Play with a client of its own; return what it did."""
    headers = {"Authorization": f"Bearer {play['key']}"}
    timeout = httpx2.Timeout(PATIENCE_SECONDS)
    async with httpx2.AsyncClient(headers=headers, timeout=timeout) as http_client:
        transport = streamable_http_client(url, http_client=http_client)
        async with Client(transport, read_timeout_seconds=PATIENCE_SECONDS) as client:
            player = Player(client)
            await player.play(play["calls"])
    return {"called": player.called, "errors": player.errors}


async def main(url: str) -> None:
    """Play line by line until standard input ends."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        value = await played(url, json.loads(line))
        sys.stdout.write(json.dumps({"value": value}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
