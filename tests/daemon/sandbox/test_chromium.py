"""The page of the sandbox in a real browser, without scripts, on a real port."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from twisted.internet import reactor
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import Site

from instantly_mcp._deferred import deferred
from instantly_mcp.daemon.sandbox.view import SandboxView
from instantly_mcp.sandbox.hostile import add_attacks
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.support.chromium import Chromium
from tests.support.programs import CHROMIUM, requires
from tests.support.timing import PATIENCE_SECONDS
from tests.web.site import MemoryServer

PHONE = 360
DAY, WEEK = 'button[value="day"]', 'button[value="week"]'
NASTY = "sandbox-<img src=x onerror=alert(1)>"


@requires(CHROMIUM)
class ChromiumTests(TestCase):
    """What a person does on the page, with a mouse and a keyboard."""

    timeout = PATIENCE_SECONDS
    reactor: Any = reactor

    def setUp(self) -> None:
        """Serve a sandbox, and start a browser."""
        self.sandbox = Sandbox(self.reactor, prepare=self.prepare)
        view = SandboxView(self.sandbox)
        server = MemoryServer(
            self.reactor, sandbox_view=view, guard=lambda headers, here: None
        )
        self.base = f"http://localhost:{self.listen(server.site)}"
        self.page = f"{self.base}/sandbox"
        self.chromium = Chromium.start(self, self.reactor)

    def prepare(self, key: str, world: Any) -> None:
        """Put attacks into one of the workspaces."""
        if key == "sandbox-hostile":
            add_attacks(world)

    def listen(self, site: Site) -> int:
        """Serve a site on loopback until the end of the test; return the port."""
        port = self.reactor.listenTCP(0, site, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        number: int = port.getHost().port
        return number

    @deferred
    async def test_time(self) -> None:
        """Days pass, mails would have been sent, replies arrive; a reset undoes it."""
        tab = await self.chromium.open()
        await tab.go(self.page)
        self.assertIn("Outbox: 0 mails", tab.text)
        await tab.click(DAY)
        self.assertIn("A day has passed: 30 mails would have been sent", tab.text)
        self.assertIn("Outbox: 30 mails", tab.text)
        for _ in range(3):
            await tab.click(WEEK)
        self.assertRegex(tab.text, r"and [1-9]\d* replies arrived")
        self.assertIn("Inbox: ", tab.text)
        await tab.click('a[href$="page=2"]')
        self.assertIn("Page 2 of ", tab.text)
        await tab.press("summary")
        await tab.click('button[value="reset"]')
        self.assertIn("The workspace begins again.", tab.text)
        self.assertIn("Outbox: 0 mails", tab.text)

    @deferred
    async def test_faults(self) -> None:
        """A fault is chosen, listed and removed."""
        tab = await self.chromium.open()
        await tab.go(self.page)
        await tab.click('button[value="fault"]')
        self.assertIn("status 429 for any operation", tab.text)
        await tab.click('button[value="clear"]')
        self.assertIn("There are no faults any more.", tab.text)
        self.assertNotIn("status 429", tab.text)

    @deferred
    async def test_workspaces(self) -> None:
        """Another workspace is opened by its key; its page keeps to it."""
        tab = await self.chromium.open()
        await tab.go(self.page)
        await tab.type("#key", "sandbox-two")
        await tab.click("form[method=get] button")
        await tab.click(DAY)
        self.assertIn("sandbox-two", tab.text)
        self.assertEqual(len(self.sandbox.outbox("sandbox-two")), 30)
        self.assertEqual(self.sandbox.outbox("sandbox"), [])

    @deferred
    async def test_hostile(self) -> None:
        """Attacks in mails, names and the key make no element and break no layout."""
        for width in (PHONE, 1000):
            tab = await self.chromium.open(width=width)
            for key in ("sandbox-hostile", NASTY):
                await tab.go(f"{self.page}?key={quote(key)}")
                await tab.click(DAY)
                self.assertLessEqual(await tab.width(), width)
                for tag in ("<img", "<script", "<u482", "</untrusted"):
                    self.assertNotIn(tag, tab.html)
            self.assertIn(NASTY, tab.text)

    @deferred
    async def test_phone(self) -> None:
        """On a phone nothing is wider than the screen, and the buttons can be hit."""
        tab = await self.chromium.open(width=PHONE)
        await tab.go(self.page)
        await tab.click(WEEK)
        await tab.click(WEEK)
        self.assertLessEqual(await tab.width(), PHONE)
        for selector in (DAY, WEEK, 'button[value="fault"]', "#key"):
            x, _ = await tab.middle_of(selector)
            self.assertTrue(0 < x < PHONE, selector)

    @deferred
    async def test_another_site(self) -> None:
        """A form of another port or another name of this host is refused."""
        evil = Resource()
        evil.isLeaf = True
        evil.render_GET = lambda request: (  # type: ignore[attr-defined]
            f'<form method="post" action="{self.page}">'
            '<button name="do" value="day">win a prize</button></form>'
        ).encode()
        port = self.listen(Site(evil))
        tab = await self.chromium.open()
        for host in ("localhost", "127.0.0.1"):
            await tab.go(f"http://{host}:{port}/")
            await tab.click("button")
            self.assertIn("this Origin is not allowed", tab.text)
        self.assertEqual(self.sandbox.outbox("sandbox"), [])
