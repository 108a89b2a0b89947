"""``instantly-mcp stdio`` imports nothing that only POSIX has."""

from __future__ import annotations

import sys

from instantly_mcp._deferred import deferred
from tests.support.messages import initialize, modern, request

from .pipes import PipeTestCase

WITHOUT_POSIX = (sys.executable, "-m", "tests.daemon.stdio.without_posix", "stdio")


class PortableTests(PipeTestCase):
    """As on Windows, as far as a POSIX system can show it."""

    @deferred
    async def test_direct(self):
        """The server with the sandbox answers both eras."""
        started = self.start("--sandbox", command=WITHOUT_POSIX)
        started.send(initialize(), request("tools/list", id=2))
        started.send(modern(request("tools/list", id=3)))
        _, legacy, answer = await started.wrote(3)
        tools = legacy["result"]["tools"]
        self.assertIn("list_campaigns", [each["name"] for each in tools])
        self.assertEqual(len(answer["result"]["tools"]), len(tools))
        started.close()
        self.assertEqual(await started.ended, 0)

    @deferred
    async def test_direct_with_a_key(self):
        """With a key it says that it keeps nothing, and serves."""
        environ = {"INSTANTLY_API_KEY": "key-without-use"}
        started = self.start(command=WITHOUT_POSIX, environ=environ)
        started.send(request("tools/list"))
        await started.wrote(1)
        started.close()
        self.assertEqual(await started.ended, 0)
        self.assertIn(b"IMCP-STATE this system has no file locks", started.errors)
        self.assertEqual(list(self.folder.rglob("state*")), [])

    @deferred
    async def test_bridge(self):
        """The relay starts, and says that its daemon is not there."""
        started = self.start("--url", "http://127.0.0.1:1/mcp", command=WITHOUT_POSIX)
        started.send(request("tools/list"))
        (answer,) = await started.wrote(1)
        (tool,) = answer["result"]["tools"]
        self.assertEqual(tool["name"], "connection_problem")
        started.close()
        self.assertEqual(await started.ended, 0)
