"""The official Python SDK as the client of a relay, driven by lines of JSON.

``python -m tests.bridge.sdk_program MODE STARTED``: connects to the program that
``STARTED`` describes, then executes one command a line: ``{"do": "tools"}``,
``{"do": "call", "tool": …, "arguments": …}``. Each answer is a line, and so is each
notification of the server.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.e2e.driver import execute, write
from tests.support.timing import PATIENCE_SECONDS


async def heard(message: Any) -> None:
    """Write the method of a notification."""
    root = getattr(message, "root", message)
    if hasattr(root, "method"):
        write(heard=root.method)


async def serve(mode: Any, started: dict[str, Any]) -> None:
    """Connect, then execute commands until the input ends."""
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin
    )
    async with Client(
        stdio_client(StdioServerParameters(**started)),
        mode=mode,
        read_timeout_seconds=PATIENCE_SECONDS,
        cache=None,
        message_handler=heard,
    ) as client:
        write(value=client.protocol_version)
        while line := await commands.readline():
            await execute(client, json.loads(line))
    write(value="left")


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], json.loads(sys.argv[2])))
