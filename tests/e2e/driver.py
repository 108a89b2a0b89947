"""The official SDK's client in a process of its own, driven by lines of JSON.

``python -m tests.e2e.driver WIRE URL [HEADER VALUE]``: it reads
commands from standard input, one per line, and answers each with a line. It also writes
a line for each HTTP response that the client receives.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx2
from mcp import Client, MCPError
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.support.timing import PATIENCE_SECONDS

MODES = {"streamable": "legacy", "modern": "auto", "sse": "legacy"}
TIMEOUT = httpx2.Timeout(PATIENCE_SECONDS)


def write(**line: Any) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class Tee(httpx2.AsyncByteStream):
    """Writes the bytes of a response when it is complete or was cut off."""

    def __init__(self, inner: Any, facts: dict[str, Any]) -> None:
        self._inner = inner
        self._facts = facts
        self._parts: list[bytes] = []

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield and keep each part."""
        async for part in self._inner:
            self._parts.append(part)
            yield part

    async def aclose(self) -> None:
        """Write what arrived, once."""
        facts, self._facts = self._facts, {}
        if facts:
            write(received={**facts, "body": b"".join(self._parts).decode()})
        await self._inner.aclose()


class Recorder(httpx2.AsyncHTTPTransport):
    """A transport that writes each request and response."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request; return a response that is written when it was read."""
        sent = await request.aread()
        response = await super().handle_async_request(request)
        facts = {
            "sent": json.loads(sent) if sent else None,
            "method": request.method,
            "session": request.headers.get("mcp-session-id"),
            "status": response.status_code,
            "type": response.headers.get("content-type", ""),
        }
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=Tee(response.stream, facts),
            extensions=response.extensions,
        )


def http_client(
    headers: dict[str, str] | None = None,
    timeout: httpx2.Timeout | None = None,
    auth: httpx2.Auth | None = None,
) -> httpx2.AsyncClient:
    """Return an HTTP client for the SDK that writes what it receives."""
    return httpx2.AsyncClient(
        headers=headers, timeout=timeout or TIMEOUT, auth=auth, transport=Recorder()
    )


def client_of(wire: str, url: str, headers: dict[str, str]) -> Client:
    """Return the SDK's client for one wire, not yet connected."""
    if wire == "sse":
        transport = sse_client(url, headers, httpx_client_factory=http_client)
    else:
        transport = streamable_http_client(url, http_client=http_client(headers))
    patience = PATIENCE_SECONDS
    return Client(
        transport, mode=MODES[wire], read_timeout_seconds=patience, cache=None
    )


async def execute(client: Client, command: dict[str, Any]) -> None:
    """Execute one command and write its result."""
    try:
        if command["do"] == "tools":
            listed = await client.list_tools()
            value: Any = [
                tool.model_dump(by_alias=True, mode="json", exclude_unset=True)
                for tool in listed.tools
            ]
        else:
            result = await client.call_tool(command["tool"], command["arguments"])
            value = result.model_dump(by_alias=True, mode="json", exclude_unset=True)
    except MCPError as error:
        write(refused={"code": error.error.code, "message": error.error.message})
    else:
        write(value=value)


async def serve(commands: asyncio.StreamReader, wire: str, url: str, *header: str):
    """Execute commands; connect at first and again on command."""
    headers = {header[0]: header[1]} if header else {}
    again = True
    while again:
        async with client_of(wire, url, headers) as client:
            write(value=client.protocol_version)
            again = False
            while line := await commands.readline():
                command = json.loads(line)
                if command["do"] == "again":
                    again = True
                    break
                await execute(client, command)
    write(value="left")


async def main() -> None:
    """Read commands from standard input."""
    commands = asyncio.StreamReader(limit=1 << 22)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin
    )
    await serve(commands, *sys.argv[1:])


if __name__ == "__main__":
    asyncio.run(main())
