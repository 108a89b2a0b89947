"""``instantly-mcp sandbox``: the simulated API alone."""

from __future__ import annotations

import json
import signal
import socket

from instantly_mcp._deferred import deferred
from tests.daemon.processes import MODULE, ProcessTestCase, Running

BEARER = {"Authorization": "Bearer sandbox-of-the-test"}


class SandboxTests(ProcessTestCase):
    """The server with the simulated API."""

    def sandbox(self, *options: str) -> Running:
        """Start a sandbox on a free port."""
        name = str(self.folder / "sandbox.json")
        running = self.spawn(
            [*MODULE, "sandbox", "--port=0", "--ready-file", name, *options]
        )
        running.ready_file = self.folder / "sandbox.json"
        return running

    @deferred
    async def test_serves(self):
        """It serves the API to keys that begin with ``sandbox``, and ends cleanly."""
        running = self.sandbox()
        record = await running.ready()
        (url,) = record["urls"]
        page = json.loads(await self.get(f"{url}/api/v2/campaigns", BEARER))
        self.assertTrue(page["items"])
        address = "tom%40hale.example.com"
        account = json.loads(await self.get(f"{url}/api/v2/accounts/{address}", BEARER))
        self.assertEqual(account["email"], "tom@hale.example.com")
        outbox = json.loads(await self.get(f"{url}/sandbox/outbox"))
        self.assertEqual(outbox["items"], [])
        running.send(signal.SIGTERM)
        self.assertEqual(await running.ended, 0, running.output)
        self.assertIn(f"{url}/api/v2/campaigns".encode(), running.output)

    @deferred
    async def test_seed(self):
        """The same seed gives the same world, another seed another one."""
        pages = []
        for seed in ("7", "7", "8"):
            running = self.sandbox(f"--seed={seed}")
            (url,) = (await running.ready())["urls"]
            pages.append(await self.get(f"{url}/api/v2/accounts", BEARER))
            running.send(signal.SIGTERM)
            await running.ended
        self.assertEqual(pages[0], pages[1])
        self.assertNotEqual(pages[0], pages[2])

    @deferred
    async def test_port_taken(self):
        """A port in use is reported in one line that names the option; status 78."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            running = self.sandbox(f"--port={port}")
            self.assertEqual(await running.ended, 78)
        self.assertIn(b"is already in use", running.output)
        self.assertIn(b"set --port to another port", running.output)
        self.assertNotIn(b"Traceback", running.output)

    @deferred
    async def test_mistakes(self):
        """A wrong value is reported in one line; status 78, as for ``run``."""
        for name, option in (("port", "--port=x"), ("seed", "--seed=-1")):
            running = self.sandbox(option)
            self.assertEqual(await running.ended, 78)
            (line,) = running.output.splitlines()
            begin = f"instantly-mcp: IMCP-SETTING {name} (--{name}) must be "
            self.assertTrue(line.startswith(begin.encode()), line)
