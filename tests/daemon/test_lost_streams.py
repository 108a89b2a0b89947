"""A client of HTTP+SSE across a restart: no call runs whose answer it cannot get."""

from __future__ import annotations

import signal

from instantly_mcp._deferred import deferred

from .listening_clients import ListeningTestCase

NAME = "Written once"
WRITE = {"name": "create_lead_list", "arguments": {"name": NAME}}


class LostStreamTests(ListeningTestCase):
    """A message for an issued sessionId is answered on its stream or refused."""

    async def written(self, base: str) -> int:
        """Return how many lead lists the write has made."""
        listing = {"name": "list_lead_lists", "arguments": {"limit": 100}}
        status, answer = await self.post(f"{base}/mcp", "tools/call", listing)
        self.assertEqual(status, 200)
        text: str = answer["result"]["content"][0]["text"]
        return text.count(NAME)

    @deferred
    async def test_restart(self) -> None:
        """A post for a stream from before the restart is a 404 and not executed.

        Whether the daemon still knows the seal of the id, or has lost it.
        """
        for folder, second in (("a", "a"), ("b", "lost")):
            first = self.sandbox(folder)
            base = await self.base(first)
            stream = await self.listen(base)
            where = stream.events[0].data
            status, body = await self.post(base + where, "tools/call", WRITE)
            self.assertEqual((status, body), (202, None))
            await stream.heard(2)
            self.assertEqual(await self.written(base), 1)
            first.send(signal.SIGTERM)
            self.assertEqual(await first.ended, 0, first.output)
            base = await self.base(self.sandbox(second))
            for id in (2, 2, 3):
                status, body = await self.post(base + where, "tools/call", WRITE, id)
                self.assertEqual((status, body["error"]["code"]), (404, -32001))
            self.assertEqual(await self.written(base), 0)

    @deferred
    async def test_disconnect(self) -> None:
        """The same holds for a stream that its client or a proxy has closed."""
        base = await self.base(self.sandbox("state"))
        stream = await self.listen(base)
        where = stream.events[0].data
        stream.leave()
        await self.until(lambda: stream.over)
        status = 202
        while status == 202:
            # Until the daemon notices that the connection is gone.
            status, _ = await self.post(base + where, "ping", {})
        for id in (2, 3):
            status, body = await self.post(base + where, "tools/call", WRITE, id)
            self.assertEqual((status, body["error"]["code"]), (404, -32001))
        self.assertEqual(await self.written(base), 0)

    @deferred
    async def test_never_had_a_stream(self) -> None:
        """Posts with an unknown id or without one are executed directly, once."""
        base = await self.base(self.sandbox("state"))
        for query in ("", "?sessionId=7f4df3ba-8d4a-4ea2-9a0e-000000000000"):
            before = await self.written(base)
            where = f"{base}/messages{query}"
            status, answer = await self.post(where, "tools/call", WRITE)
            self.assertEqual(status, 200)
            self.assertNotIn("isError", answer["result"])
            self.assertEqual(await self.written(base), before + 1)

    @deferred
    async def test_event_source(self) -> None:
        """An EventSource gets its session back after a restart, by its last event id.

        It calls tools without a new initialize, and their results still have what the
        schemas promise that its client was shown before.
        """
        first = self.sandbox("kept")
        stream = await self.listen(await self.base(first))
        where = stream.events[0].data
        first.send(signal.SIGTERM)
        self.assertEqual(await first.ended, 0, first.output)
        base = await self.base(self.sandbox("kept"))
        last = f"{where.partition('sessionId=')[2]}_0"
        again = await self.listen(base, Last_Event_ID=last)
        self.assertEqual(again.events[0].data, where)
        listing = {"name": "list_campaigns", "arguments": {"limit": 1}}
        status, _ = await self.post(base + where, "tools/call", listing)
        self.assertEqual(status, 202)
        await again.heard(2)
        self.assertIn('"structuredContent"', again.events[1].data)

    @deferred
    async def test_streamable_http_on_sse(self) -> None:
        """A client that tries Streamable HTTP at /sse is served there."""
        base = await self.base(self.sandbox("state"))
        opening = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        }
        for path in ("/sse", "/sse/", "/sse/sandbox-key-of-mine", "/mcp/"):
            status, answer = await self.post(base + path, "initialize", opening)
            self.assertEqual(status, 200)
            self.assertEqual(answer["result"]["protocolVersion"], "2025-06-18")
