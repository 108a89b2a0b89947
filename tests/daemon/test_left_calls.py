"""A client of a session that drops its connection while the upstream is slow."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol

from instantly_mcp._deferred import deferred
from tests.e2e.sockets import Connection

from .test_stopping import KEY, UpstreamTestCase, answer

CREATED = (
    b'{"id": "l1", "name": "Once", "timestamp_created": "2026-01-01T00:00:00.000Z"}'
)


class LeftCallTests(UpstreamTestCase):
    """In a session, closing the connection does not cancel a call."""

    @deferred
    async def test_write_is_done_once(self) -> None:
        """The write goes on; the same call again gets its result, while it runs and
        after, and Instantly is asked once."""
        running = self.live("--rate-limit=0")
        (url,) = (await running.ready())["urls"]
        for ended in (False, True):
            session = await self.open_session(url)
            message = self.write(1)
            left = await self.send(url, session, message)
            held = await self.upstream.asked.get()
            gone: list[object] = []
            held.notifyFinish().addBoth(gone.append)
            left.drop()
            await self.settled(url, session)
            self.assertEqual(gone, [], "the write was cancelled")
            if ended:
                answer(held, CREATED)
                await self.settled(url, session)
            again = await self.send(url, session, self.write(2))
            if not ended:
                await self.settled(url, session)
                answer(held, CREATED)
            body = await self.answer_on(again)
            self.assertEqual(body["id"], 2)
            self.assertNotIn("isError", body["result"])
            self.assertIn("Once", json.dumps(body["result"]))
            self.assertEqual(self.upstream.asked.pending, [])

    def write(self, id: int) -> dict[str, Any]:
        """Return a call that writes."""
        params = {"name": "create_lead_list", "arguments": {"name": "Once"}}
        return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}

    async def open_session(self, url: str) -> str:
        """Return the id of a new session."""
        params = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        }
        message = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
        headers = {"Content-Type": "application/json", "x-api-key": KEY}
        response = await self.request(b"POST", url, headers, self.body(message))
        (session,) = response.headers.getRawHeaders("mcp-session-id")
        return str(session)

    async def send(self, url: str, session: str, message: Any) -> Connection:
        """Send a message on a connection of its own."""
        port = int(url.removesuffix("/mcp").rpartition(":")[2])
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        connecting: Deferred[Connection] = connectProtocol(endpoint, Connection())
        connection = await connecting
        self.addCleanup(connection.drop)
        body = json.dumps(message).encode()
        lines = (
            "POST /mcp HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Content-Type: application/json",
            "Accept: application/json",
            f"x-api-key: {KEY}",
            f"Mcp-Session-Id: {session}",
            f"Content-Length: {len(body)}",
        )
        connection.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return connection

    async def settled(self, url: str, session: str) -> None:
        """Wait until the daemon has noticed earlier events: it answers a later ping."""
        for _ in range(3):
            ping = {"jsonrpc": "2.0", "id": "ping", "method": "ping"}
            connection = await self.send(url, session, ping)
            await self.answer_on(connection)

    async def answer_on(self, connection: Connection) -> Any:
        """Return the JSON that a connection answers."""
        await self.until(lambda: self.whole(connection))
        return json.loads(connection.everything.partition(b"\r\n\r\n")[2])

    def whole(self, connection: Connection) -> bool:
        """Say whether all of an answer has arrived."""
        _, _, body = connection.everything.partition(b"\r\n\r\n")
        return body.endswith(b"}")
