"""The pages in a real browser, without scripts, on a real port."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import Site

from instantly_mcp._deferred import deferred
from instantly_mcp.access.approvals.approval import ApprovalState
from instantly_mcp.access.preview import Preview
from tests.support.chromium import Chromium, Tab
from tests.support.programs import CHROMIUM, requires
from tests.support.timing import PATIENCE_SECONDS

from .browser import PageServer
from .test_deciding import HOSTILE

PHONE = 360
APPROVE, DENY = 'button[value="approve"]', 'button[value="deny"]'


@requires(CHROMIUM)
class ChromiumTests(TestCase):
    """What an approver does, with a mouse and a keyboard."""

    timeout = PATIENCE_SECONDS
    reactor: Any = reactor

    def setUp(self) -> None:
        """Serve the pages, and start a browser."""
        self.server = PageServer()
        self.queue = self.server.queue
        self.addCleanup(self.queue.database.close)
        port = self.listen(self.server.site)
        self.base = f"http://localhost:{port}"
        self.server.origins = (self.base,)
        self.chromium = Chromium.start(self, self.reactor)

    def listen(self, site: Site) -> int:
        """Serve a site on loopback until the end of the test; return the port."""
        port = self.reactor.listenTCP(0, site, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        number: int = port.getHost().port
        return number

    async def signed_in(self, width: int = 1000) -> Tab:
        """Open a tab, and sign in."""
        tab = await self.chromium.open(width=width)
        await tab.go(f"{self.base}/approvals")
        await tab.type("#name", "Bo")
        await tab.type("#secret", self.server.secret)
        await tab.click('button[type="submit"]')
        return tab

    @deferred
    async def test_approve(self) -> None:
        """Sign in, open the request from the list, approve."""
        id = self.queue.asked()
        tab = await self.signed_in()
        self.assertIn("Approvals: 1 waiting", tab.text)
        await tab.click(f'a[href="approvals/{id}"]')
        self.assertIn("ada@example.com", tab.text)
        await tab.click(APPROVE)
        self.assertIn("Approved by Bo", tab.text)
        self.assertNotIn("<button value", tab.html)
        self.assertEqual(self.queue.obtain().by, "Bo")

    @deferred
    async def test_deny(self) -> None:
        """Follow the link of a refusal, sign in there, deny."""
        id = self.queue.asked()
        tab = await self.chromium.open()
        await tab.go(f"{self.base}/approvals/{id}")
        self.assertNotIn("ada@example.com", tab.text)
        await tab.type("#name", "Bo")
        await tab.type("#secret", self.server.secret)
        await tab.click('button[type="submit"]')
        await tab.click(DENY)
        self.assertIn("Denied by Bo", tab.text)
        self.assertEqual(self.queue.refused().code, "approval_denied")

    @deferred
    async def test_expired(self) -> None:
        """A page that stays open too long shows that it is too late."""
        id = self.queue.asked()
        tab = await self.signed_in()
        await tab.go(f"{self.base}/approvals/{id}")
        self.queue.wall += 15 * 60
        await tab.click(APPROVE)
        self.assertIn("there was no decision in time", tab.text)
        self.assertIs(self.queue.get(id).state, ApprovalState.EXPIRED)

    @deferred
    async def test_double_click(self) -> None:
        """A double click approves once, and ends on the page of the request."""
        id = self.queue.asked()
        tab = await self.signed_in()
        await tab.go(f"{self.base}/approvals/{id}")
        await tab.click(APPROVE, times=2)
        await tab.go(f"{self.base}/approvals/{id}")
        self.assertIn("Approved by Bo", tab.text)
        self.queue.obtain()
        self.assertEqual(self.queue.refused().code, "approval_pending")

    @deferred
    async def test_another_site(self) -> None:
        """A form on another port of this host, which gets our cookies, is refused."""
        id = self.queue.asked()
        tab = await self.signed_in()
        evil = Resource()
        evil.isLeaf = True
        evil.render_GET = lambda request: (  # type: ignore[attr-defined]
            f'<form method="post" action="{self.base}/approvals/{id}">'
            '<button name="decision" value="approve">win a prize</button></form>'
        ).encode()
        port = self.listen(Site(evil))
        for host in ("localhost", "127.0.0.1"):
            await tab.go(f"http://{host}:{port}/")
            await tab.click("button")
            self.assertIn("sent from another site", tab.text)
        self.assertIs(self.queue.get(id).state, ApprovalState.PENDING)

    @deferred
    async def test_hostile_text(self) -> None:
        """Markup in the text of a mail is text: it makes no element."""
        preview = Preview(title=HOSTILE, untrusted=(("Body", f"{HOSTILE}\n" * 50),))
        id = self.queue.asked(preview=preview)
        tab = await self.signed_in()
        for path in ("approvals", f"approvals/{id}"):
            await tab.go(f"{self.base}/{path}")
            self.assertIn("<script>alert(1)</script>", tab.text)
            self.assertNotIn("<script", tab.html)
            self.assertNotIn("<img", tab.html)
        await tab.click(DENY)
        self.assertIn("Denied by Bo", tab.text)

    @deferred
    async def test_phone(self) -> None:
        """On a phone nothing is wider than the screen, and both buttons can be hit."""
        preview = Preview(
            title="Reply to " + "a" * 90,
            facts=(("A rather long label of a fact", "b" * 300),),
            untrusted=(("Body", "c" * 900),),
        )
        id = self.queue.asked(preview=preview)
        tab = await self.signed_in(PHONE)
        for path in ("approvals", f"approvals/{id}", "status"):
            await tab.go(f"{self.base}/{path}")
            self.assertLessEqual(await tab.width(), PHONE, path)
        await tab.go(f"{self.base}/approvals/{id}")
        for selector in (APPROVE, DENY):
            x, _ = await tab.middle_of(selector)
            self.assertTrue(0 < x < PHONE)
        await tab.click(APPROVE)
        self.assertIn("Approved by Bo", tab.text)

    @deferred
    async def test_two_approvers(self) -> None:
        """Two browsers decide at once: one decision counts, both show it."""
        id = self.queue.asked()
        bo, other = await self.signed_in(), await self.signed_in()
        for tab in (bo, other):
            await tab.go(f"{self.base}/approvals/{id}")
        await gatherResults([bo.click(APPROVE), other.click(DENY)])
        state = self.queue.get(id).state
        word = {ApprovalState.APPROVED: "Approved", ApprovalState.DENIED: "Denied"}
        for tab in (bo, other):
            self.assertIn(f"{word[state]} by Bo", tab.text)
