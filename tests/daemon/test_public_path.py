"""A daemon behind a proxy that serves it under a path, `/gw/x`."""

from __future__ import annotations

import json
from typing import Any

from twisted.web.client import readBody

from instantly_mcp._deferred import deferred

from .listening_clients import ListeningTestCase

PUBLIC = "http://127.0.0.1:9/gw/x"


class PublicPathTests(ListeningTestCase):
    """URLs that clients get begin with the path of the public URL."""

    @deferred
    async def test_everything_has_the_prefix(self) -> None:
        """The endpoint event, /info, /health, the start block, and the help of /mcp.

        Requests arrive without the prefix, as behind a proxy that takes it away; those
        that have it are served as well.
        """
        running = self.sandbox("state", f"--public-url={PUBLIC}", "--log-format=text")
        record = await running.ready()
        self.assertEqual(record["public_url"], f"{PUBLIC}/mcp")
        base = await self.base(running)
        for path in ("/sse", "/gw/x/sse", "/gw/x/sse/sandbox-key-of-mine"):
            stream = await self.listen(base, path)
            where = stream.events[0].data
            self.assertTrue(where.startswith("/gw/x/messages?sessionId="), where)
            for target in (where, where.removeprefix("/gw/x")):
                before = len(stream.events)
                status, _ = await self.post(base + target, "ping", {})
                self.assertEqual(status, 202)
                await stream.heard(before + 1)
        for path in ("/info", "/gw/x/info", "/health"):
            page = json.loads(await self.get(base + path))
            self.assertEqual(page["endpoints"]["mcp"], "/gw/x/mcp")
            self.assertEqual(page["endpoints"]["outbox"], "/gw/x/sandbox/outbox")
        self.assertEqual(page["url"], PUBLIC)
        help = await self.help_of(f"{base}/mcp", 405)
        self.assertEqual(help["endpoints"]["sse"], "/gw/x/sse")
        missing = await self.help_of(f"{base}/nothing", 404)
        self.assertIn("POST /gw/x/mcp", missing["availableEndpoints"])
        page = (await self.get(f"{base}/gw/x/sandbox")).decode()
        self.assertIn('href="/gw/x/sandbox/outbox?', page)
        self.assertIn(f"instantly {PUBLIC}/mcp".encode(), running.output)

    async def help_of(self, url: str, status: int) -> Any:
        """Return the JSON that a GET is refused with."""
        response = await self.request(b"GET", url, {"Accept": "application/json"})
        self.assertEqual(response.code, status)
        return json.loads(await readBody(response))
