"""A daemon that listens with TLS, and what a reload does to its certificate."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import tempfile

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
from tests.support.certificates import PemFiles, issue
from tests.test_documents import OPERATIONS, text_of

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


class TlsTests(ProcessTestCase):
    """Real TLS on a real socket."""

    def setUp(self) -> None:
        """Create a certificate that clients trust."""
        super().setUp()
        self.files = PemFiles(self.folder)
        self.running = self.spawn(
            [*MODULE, "run", "--sandbox", "--listen", self.files.listen()]
        )

    def trust(self) -> None:
        """Trust only the certificate that is in the files now."""
        root = Certificate.loadPEM(self.files.cert.read_bytes())
        self.agent = Agent(reactor, BrowserLikePolicyForHTTPS(trustRoot=root))

    async def pinged(self, url: str) -> bool:
        """Return whether a client that trusts one certificate gets an answer."""
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
        """An MCP client and a health check are served; HTTP/2 is not offered."""
        (url,) = (await self.running.ready())["urls"]
        self.assertTrue(url.startswith("https://127.0.0.1:"), url)
        self.assertTrue(await self.pinged(url))
        base = url.removesuffix("/mcp")
        self.assertIn(f'"url":"{base}"'.encode(), await self.get(f"{base}/health"))

    @deferred
    async def test_reload(self):
        """After SIGHUP the new certificate is used; open streams stay open."""
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
        """After SIGHUP with invalid files the old certificate is still used."""
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
        """A client without TLS is disconnected; other clients are not affected."""
        (url,) = (await self.running.ready())["urls"]
        plain = self.agent.request(b"GET", url.replace("https:", "http:").encode())
        await self.assertFailure(plain, ResponseFailed)
        self.assertTrue(await self.pinged(url))


class DocumentedTests(ProcessTestCase):
    """The example of the manual, with a certificate chain."""

    def documented(self) -> list[str]:
        """Return the command of the manual, with the files of this test."""
        shown = text_of(OPERATIONS).partition("## TLS")[2]
        (block,) = re.findall(r"```\n(instantly-mcp run .*?)```", shown, re.DOTALL)[:1]
        text = block.replace("\\\n", " ").replace("/etc/ssl/mcp/", f"{self.folder}/")
        self.assertIn("ssl:443:", text)
        text = text.replace("ssl:443:", "ssl:0:interface=127.0.0.1:")
        return shlex.split(text)[1:]

    @deferred
    async def test_documented(self):
        """With the setup of the manual a client that trusts only the root certificate
        is served, and ``check`` reports no problem.
        """
        root = issue("root", days=90)
        signer = issue("signer", by=root, days=90)
        leaf = issue("leaf", by=signer, ca=False, days=90)
        for name, data in (
            ("key.pem", leaf.key_pem),
            ("cert.pem", leaf.pem),
            ("chain.pem", signer.pem),
        ):
            (self.folder / name).write_bytes(data)
            (self.folder / name).chmod(0o600)
        words = self.documented()
        # A long path would be a warning: commands could not reach the daemon.
        state = {"STATE_DIRECTORY": tempfile.mkdtemp()}
        self.addCleanup(shutil.rmtree, state["STATE_DIRECTORY"])
        command = [*MODULE, "check", *words[1:], "--sandbox"]
        checked = self.spawn(command, environ=state)
        self.assertEqual(await checked.ended, 0, checked.output)
        self.assertNotIn(b"warning", checked.output)
        running = self.spawn([*MODULE, *words, "--sandbox"], environ=state)
        (url,) = (await running.ready())["urls"]
        trusted = Certificate.loadPEM(root.pem)
        self.agent = Agent(reactor, BrowserLikePolicyForHTTPS(trustRoot=trusted))
        self.assertEqual((await self.call(url, "ping"))["result"], {})
        self.assertNotIn(b"IMCP-", running.output)
