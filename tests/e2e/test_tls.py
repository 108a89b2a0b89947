"""A daemon that listens with TLS, and what a reload does to its certificate."""

from __future__ import annotations

import signal

from twisted.internet import reactor
from twisted.internet.ssl import Certificate
from twisted.web.client import (
    Agent,
    BrowserLikePolicyForHTTPS,
    ResponseFailed,
    readBody,
)

from instantly_mcp._deferred import deferred
from tests.daemon.processes import MODULE, ProcessTestCase
from tests.support.certificates import PemFiles

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


class TlsTests(ProcessTestCase):
    """Real TLS on a real socket."""

    def setUp(self) -> None:
        """Have a certificate that clients trust."""
        super().setUp()
        self.files = PemFiles(self.folder)
        self.running = self.spawn(
            [*MODULE, "run", "--sandbox", "--listen", self.files.listen()]
        )

    def trust(self) -> None:
        """Believe in the certificate that the files hold now, and in no other."""
        root = Certificate.loadPEM(self.files.cert.read_bytes())
        self.agent = Agent(reactor, BrowserLikePolicyForHTTPS(trustRoot=root))

    async def pinged(self, url: str) -> bool:
        """Say whether a client that trusts one certificate is answered."""
        self.trust()
        try:
            await self.call(url, "ping")
        except Exception:
            return False
        return True

    async def reload(self, said: bytes = b"reloaded") -> None:
        """Send SIGHUP; wait for the line that ends the reload."""
        times = self.running.output.count(said) + 1
        self.running.send(signal.SIGHUP)
        await self.running.said(said, times)

    @deferred
    async def test_serves(self):
        """An MCP client and a probe are served, and nobody speaks HTTP/2."""
        (url,) = (await self.running.ready())["urls"]
        self.assertTrue(url.startswith("https://127.0.0.1:"), url)
        self.assertTrue(await self.pinged(url))
        base = url.removesuffix("/mcp")
        self.assertIn(f'"url":"{base}"'.encode(), await self.get(f"{base}/health"))

    @deferred
    async def test_reload(self):
        """SIGHUP shows the new certificate; streams that are open stay open."""
        (url,) = (await self.running.ready())["urls"]
        self.trust()
        opened = await self.request(b"GET", url.replace("/mcp", "/sse"), {})
        stream = readBody(opened)
        self.files.replace()
        await self.reload()
        self.assertTrue(await self.pinged(url))
        self.assertFalse(stream.called)
        self.running.send(signal.SIGTERM)
        self.assertIn(b"event: endpoint", await stream)
        self.assertEqual(await self.running.ended, 0, self.running.output)

    @deferred
    async def test_bad_certificate(self):
        """After a SIGHUP with bad files the old certificate is still shown."""
        (url,) = (await self.running.ready())["urls"]
        good = self.files.cert.read_bytes()
        for bad in (b"", b"-----BEGIN CERTIFICATE-----\n", good[:200]):
            self.files.cert.write_bytes(bad)
            await self.reload(b"reload failed; kept the old certificates")
            self.assertIn(b"kept the old certificate", self.running.output)
            self.files.cert.write_bytes(good)
            self.assertTrue(await self.pinged(url))

    @deferred
    async def test_plain(self):
        """Whoever speaks plain HTTP to the socket is cut off; the rest go on."""
        (url,) = (await self.running.ready())["urls"]
        plain = self.agent.request(b"GET", url.replace("https:", "http:").encode())
        await self.assertFailure(plain, ResponseFailed)
        self.assertTrue(await self.pinged(url))
