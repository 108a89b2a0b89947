"""A real daemon and a client that sends requests without reading an answer."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

from twisted.internet import reactor
from twisted.internet.task import deferLater

from instantly_mcp._deferred import deferred

from .processes import LOOK_SECONDS, MODULE, ProcessTestCase

SENT_BYTES = 13_000_000
BLOCKED_LOOKS = 100
"""After so many looks at a connection that takes nothing more, it is taken for full."""

PINGS = 30
"""Each takes turns of the reactor, and in each turn the daemon reads the client."""

GROWTH_KB = 64 * 1024

TYPES = "Content-Type: application/json\r\nContent-Length: "


class SilentClientTests(ProcessTestCase):
    @deferred
    async def test_pipelining_without_reading(self):
        """Endless requests on one connection that reads nothing cost no more
        than its buffers, and other clients are served meanwhile.
        """
        daemon = self.spawn((*MODULE, "run", "--sandbox", "--rate-limit", "0"))
        (url,) = (await daemon.ready())["urls"]
        address = urlsplit(url)
        before = resident_kb(daemon.pid)
        client = socket.create_connection((address.hostname, address.port))
        self.addCleanup(client.close)
        client.setblocking(False)
        body = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
        head = f"POST /mcp HTTP/1.1\r\nHost: {address.netloc}\r\n" + TYPES
        block = (head.encode() + b"%d\r\n\r\n" % len(body) + body) * 1000
        sent = blocked = 0
        while sent < SENT_BYTES and blocked < BLOCKED_LOOKS:
            try:
                sent += client.send(block[sent % len(block) :])
                blocked = 0
            except BlockingIOError:
                blocked += 1
                await deferLater(reactor, LOOK_SECONDS)
        for _ in range(PINGS):
            await self.get(f"http://{address.netloc}/ping")
        self.assertLess(resident_kb(daemon.pid) - before, GROWTH_KB)


def resident_kb(pid: int) -> int:
    """Return the memory of a process that is in use."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")
