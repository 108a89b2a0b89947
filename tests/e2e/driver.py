"""The official SDK's client in a process of its own, driven by lines of JSON.

``python -m tests.e2e.driver WIRE URL [HEADER VALUE]``: commands come on standard input,
one a line; each is answered with a line. Every HTTP answer that the client receives is
told in a line as well, as it came over the wire.
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


def tell(**line: Any) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class Tee(httpx2.AsyncByteStream):
    """Tells the bytes of an answer once it is over, or cut off."""

    def __init__(self, inner: Any, facts: dict[str, Any]) -> None:
        self._inner = inner
        self._facts = facts
        self._parts: list[bytes] = []

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Pass on and keep what arrives."""
        async for part in self._inner:
            self._parts.append(part)
            yield part

    async def aclose(self) -> None:
        """Tell what arrived, once."""
        facts, self._facts = self._facts, {}
        if facts:
            tell(received={**facts, "body": b"".join(self._parts).decode()})
        await self._inner.aclose()


class Recorder(httpx2.AsyncHTTPTransport):
    """A transport that tells what it carried."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request; tell the answer as it is read."""
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
    """Return a client of the SDK's kind that tells what it hears."""
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


async def obey(client: Client, command: dict[str, Any]) -> None:
    """Carry out one command and answer it."""
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
        tell(refused={"code": error.error.code, "message": error.error.message})
    else:
        tell(value=value)


async def converse(commands: asyncio.StreamReader, wire: str, url: str, *header: str):
    """Connect, and again whenever told to, until there are no more commands."""
    headers = {header[0]: header[1]} if header else {}
    again = True
    while again:
        async with client_of(wire, url, headers) as client:
            tell(value=client.protocol_version)
            again = False
            while line := await commands.readline():
                command = json.loads(line)
                if command["do"] == "again":
                    again = True
                    break
                await obey(client, command)
    tell(value="left")


async def main() -> None:
    """Read commands from standard input."""
    commands = asyncio.StreamReader(limit=1 << 22)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin
    )
    await converse(commands, *sys.argv[1:])


if __name__ == "__main__":
    asyncio.run(main())
