"""E24, E25: what a command line starts, in real processes."""

from __future__ import annotations

import signal
from urllib.parse import urlsplit

from instantly_mcp._deferred import deferred
from tests.daemon.processes import MODULE, TWISTD, ProcessTestCase

UNSET = {"INSTANTLY_MCP_LISTEN": ""}


class StartingTests(ProcessTestCase):
    @deferred
    async def test_e24_port(self):
        """E24: ``--port`` decides on 127.0.0.1 and on ::1, however it is started."""
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
    async def test_e24_prefix(self):
        """E24: the beginning of an option starts nothing."""
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
    async def test_e25_nothing(self):
        """E25: the bare command prints its help and ends with success, even where the
        environment says how to run.
        """
        running = self.spawn(MODULE, environ={"INSTANTLY_MCP_SANDBOX": "true"})
        self.assertEqual(await running.ended, 0, running.output)
        self.assertIn(b"Usage: instantly-mcp [run", running.output)
        self.assertFalse(running.ready_file.exists())
