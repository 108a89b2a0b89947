"""A loopback socket and a public one: each has its own rule for the Host header."""

from __future__ import annotations

from instantly_mcp._deferred import deferred
from tests.daemon.processes import ANY_PORT, MODULE, ProcessTestCase, in_checkout

OPEN = "tcp:0"
FOREIGN = {"Host": "mcp.lan"}


class HostTests(ProcessTestCase):
    """A web page cannot reach the daemon by DNS rebinding."""

    async def status(self, url: str, method: bytes = b"GET") -> int:
        """Return the status of a request with an unknown host name."""
        response = await self.request(method, url, FOREIGN)
        return int(response.code)

    @deferred
    async def test_loopback_beside_open(self):
        """The Host header is checked on the loopback socket, not on a public one."""
        socket = f"unix:{in_checkout(self.folder)}/x"
        listen = [f"--listen={each}" for each in (ANY_PORT, OPEN, socket)]
        running = self.spawn([*MODULE, "run", "--sandbox", *listen])
        urls = (await running.ready())["urls"]
        local, open = (url.replace("0.0.0.0", "127.0.0.1") for url in urls[:2])
        for path, served in (("/mcp", 405), ("/health", 200), ("/nowhere", 404)):
            self.assertEqual(await self.status(local.replace("/mcp", path)), 421)
            self.assertEqual(await self.status(open.replace("/mcp", path)), served)
