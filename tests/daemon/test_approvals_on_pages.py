"""A call that waits, a person in a browser, and the whole daemon between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from attrs import define

from instantly_mcp.access.tokens.book import TokenTerms
from tests.access.product.agent_case import APPROVER, POLICY, AgentTestCase
from tests.access.product.memory_daemon import MemoryDaemon
from tests.access.product.oracle import settings_of
from tests.access.product.ways import Caller
from tests.web.approvals.browser import Browser
from tests.web.site import Connection, Response


@define
class ServedSite:
    """One of the ports of a daemon."""

    site: Any

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        address: str = "127.0.0.1",
    ) -> Response:
        """Send a request on a connection of its own."""
        connection = Connection(self, address)
        try:
            return connection.ask(method, path, headers, body)
        finally:
            connection.hang_up()


class PageCase(AgentTestCase):
    """A daemon that asks for approval, and a person with a browser."""

    given: ClassVar[dict[str, str]] = {"admin_url": "http://127.0.0.1:3100"}

    def start(self) -> MemoryDaemon:
        """Start the daemon."""
        settings = {**settings_of(POLICY), **self.given}
        return MemoryDaemon(state_dir=str(self.folder), **settings)

    def browser(self, page: str) -> Browser:
        """Open the page that a refusal names, and sign in."""
        parts = urlsplit(page)
        served = {port: site for port, site, *_ in self.daemon.reactor.tcpServers}
        site = ServedSite(served[parts.port or 0])
        browser = Browser(site, f"{parts.scheme}://{parts.netloc}")
        browser.get(parts.path)
        self.assertEqual(browser.status, 401)
        browser.submit("login", name=APPROVER, secret=self.secret)
        self.assertEqual((browser.status, browser.path), (200, parts.path))
        return browser

    def pending(self) -> tuple[str, str]:
        """Try to reply; return the id and the page of the request."""
        error = self.assertCode(self.attempt(), "approval_pending")
        self.assertSent()
        return error["approval"], error["approval_page"]


class OwnListenerTests(PageCase):
    """The pages on the listener of their own, which is the default."""

    def test_approve(self) -> None:
        """The person reads what is to be sent, approves it, and it is sent once."""
        id, page = self.pending()
        self.assertEqual(page, f"http://127.0.0.1:3100/approvals/{id}")
        browser = self.browser(page)
        for text in ("We are in.", self.mail["from_address_email"], "reply_to_email"):
            self.assertIn(text, browser.text)
        browser.submit(id, decision="approve")
        self.assertIn(f"Approved by {APPROVER}", browser.text)
        self.assertTrue(self.attempt()["structuredContent"]["sent"])
        self.attempt()
        self.assertSent("replyToEmail")
        self.assertIn("and used", browser.get(f"/approvals/{id}").text)

    def test_over_restarts(self) -> None:
        """A restart at every step loses neither the request nor the decision."""
        id, page = self.pending()
        self.restart()
        self.browser(page).submit(id, decision="approve")
        self.restart()
        self.assertTrue(self.attempt()["structuredContent"]["sent"])
        self.restart()
        self.attempt()
        self.assertSent("replyToEmail")

    def test_deny(self) -> None:
        """What the person denies is not sent, also after a restart."""
        id, page = self.pending()
        self.browser(page).submit(id, decision="deny")
        for _ in range(2):
            self.assertCode(self.attempt(), "approval_denied")
            self.restart()
        self.assertSent()

    def test_revoked_token(self) -> None:
        """The request of a token that is revoked can neither be decided nor sent."""
        books = self.daemon.books
        terms = TokenTerms(name="Nightly agent")
        token, value = self.successResultOf(books.tokens.issue(terms))
        emails = self.daemon.world("sandbox").emails.values()
        mail = next(each for each in emails if each["ue_type"] == 2)
        reply = self.reply(reply_to_uuid=mail["id"])
        caller = Caller(daemon=self.daemon, key=value)
        result = self.attempt(reply, caller=caller)
        error = self.assertCode(result, "approval_pending")
        browser = self.browser(error["approval_page"])
        self.assertIn("Nightly agent", browser.text)
        self.successResultOf(books.tokens.revoke(token))
        browser.submit(error["approval"], decision="approve")
        self.assertEqual(browser.status, 409)
        self.assertIn("Not valid", browser.text)
        self.assertEqual(self.daemon.writes("sandbox"), [])

    def test_status(self) -> None:
        """The status page shows the policy, the kill switch, and what waits."""
        _, page = self.pending()
        browser = self.browser(page).get("/status")
        for row in ("Policy: sends approve", "Sending on", "Waiting for approval 1"):
            self.assertIn(row, " ".join(browser.text.split()))
        self.daemon.books.sending.set(True)
        text = " ".join(browser.get("/status").text.split())
        self.assertIn("Sending off", text)

    def test_not_on_the_mcp_port(self) -> None:
        """The MCP port does not have the pages of approvers."""
        for path in ("/approvals", "/approvals/abc"):
            self.assertEqual(self.daemon.ask(path=path, method="GET").status, 404)


class McpPortTests(PageCase):
    """The pages on the MCP port, where the operator wants them."""

    given: ClassVar[dict[str, str]] = {
        "admin_listen": "mcp",
        "admin_url": "http://127.0.0.1:3000",
    }

    def test_approve(self) -> None:
        """MCP and the pages share the port, and each keeps its own rules."""
        id, page = self.pending()
        self.assertEqual(page, f"http://127.0.0.1:3000/approvals/{id}")
        browser = self.browser(page)
        browser.submit(id, decision="approve")
        self.assertIn(f"Approved by {APPROVER}", browser.text)
        self.attempt()
        self.assertSent("replyToEmail")
        self.assertIn("Approvers", browser.get("/status").text)
        ours = browser.response.one("content-security-policy")
        self.assertIn("form-action 'self'", ours or "")
        home = browser.get("/").response.one("content-security-policy")
        self.assertIn("form-action 'none'", home or "")

    def test_no_cors(self) -> None:
        """An origin that may use MCP may not read the pages."""
        headers = {"Origin": "http://localhost:5173"}
        for path, said in (("/info", True), ("/approvals", False)):
            answer = self.daemon.ask(path=path, method="GET", headers=headers)
            self.assertEqual("access-control-allow-origin" in answer.headers, said)


class PublicPathTests(PageCase):
    """The pages below the path of a public URL, through a proxy with TLS."""

    given: ClassVar[dict[str, str]] = {
        "admin_listen": "mcp",
        "public_url": "https://mcp.example.com/instantly",
        "trusted_proxy": "127.0.0.1",
    }

    def test_both_paths(self) -> None:
        """Links and forms work whether or not the proxy removes the path."""
        id, page = self.pending()
        self.assertEqual(page, f"https://mcp.example.com/instantly/approvals/{id}")
        site = ServedSite(self.daemon.factory)
        for prefix in ("", "/instantly"):
            browser = Browser(site, "https://mcp.example.com")
            browser.get(f"{prefix}/approvals/{id}")
            browser.submit("login", name=APPROVER, secret=self.secret)
            self.assertEqual(browser.path, f"{prefix}/approvals/{id}")
            self.assertIn("__Host-instantly-approver", browser.cookies)
            browser.get(f"{prefix}/approvals").submit("logout")
            self.assertEqual(browser.path, f"{prefix}/approvals")
            self.assertEqual(browser.status, 401)
        browser.submit("login", name=APPROVER, secret=self.secret)
        browser.get(f"{prefix}/approvals/{id}").submit(id, decision="approve")
        self.assertIn(f"Approved by {APPROVER}", browser.text)
        self.attempt()
        self.assertSent("replyToEmail")
