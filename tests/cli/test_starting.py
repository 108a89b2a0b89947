"""What a command line starts, in real processes."""

from __future__ import annotations

import signal
from urllib.parse import urlsplit

from instantly_mcp._deferred import deferred
from tests.daemon.processes import MODULE, TWISTD, ProcessTestCase

UNSET = {"INSTANTLY_MCP_LISTEN": ""}


class StartingTests(ProcessTestCase):
    @deferred
    async def test_port(self):
        """``--port`` sets the port on 127.0.0.1 and ::1, for every command."""
        for command in (
            (*MODULE, "run"),
            (*TWISTD, "-n", "--pidfile=", "instantly_mcp"),
        ):
            words = [*command, "--sandbox", "--port", "0"]
            running = self.spawn(words, environ=UNSET)
            urls = (await running.ready())["urls"]
            self.assertEqual(urlsplit(urls[0]).hostname, "127.0.0.1")
            ports = {urlsplit(url).port for url in urls}
            self.assertEqual(len(ports), 1)
            self.assertNotIn(ports, ({0}, {3000}))
            running.send(signal.SIGTERM)
            self.assertEqual(await running.ended, 0, running.output)

    @deferred
    async def test_abbreviated_option(self):
        """An abbreviated option is refused."""
        for command, status in (
            ((*MODULE, "run"), 64),
            ((*MODULE, "check"), 64),
            ((*MODULE, "sandbox"), 64),
            ((*MODULE, "tools"), 64),
            ((*MODULE, "snippet", "curl"), 64),
            ((*TWISTD, "-n", "--pidfile=", "instantly_mcp"), 1),
        ):
            running = self.spawn([*command, "--por", "500", "--tools", "x"])
            self.assertEqual(await running.ended, status, running.output)
            self.assertIn(b"there is no option --por", running.output)

    @deferred
    async def test_nothing(self):
        """``instantly-mcp`` alone prints its help and ends with status 0, even if the
        environment contains settings.
        """
        running = self.spawn(MODULE, environ={"INSTANTLY_MCP_SANDBOX": "true"})
        self.assertEqual(await running.ended, 0, running.output)
        self.assertIn(b"Usage: instantly-mcp [run", running.output)
        self.assertFalse(running.ready_file.exists())
