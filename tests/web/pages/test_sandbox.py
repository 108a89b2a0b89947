"""The page of the sandbox."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from instantly_mcp._json_codec import loads
from instantly_mcp.pipeline.replies.reply import json_answer
from instantly_mcp.web.interfaces import ISandboxView
from instantly_mcp.web.pages.sandbox import MAX_SHOWN_MAILS, outbox_page
from tests.support.cases import ClockedTestCase

from ..site import GOOD_ORIGIN, MemoryServer

NASTY = "<script>alert(1)</script>\"'&"


def mail(**given):
    """Return a mail of the outbox."""
    return {
        "at": "2026-11-02T09:00:00.000Z",
        "kind": "reply",
        "from": "ann@example.com",
        "to": ["bob@example.org"],
        "cc": [],
        "subject": "Hello",
        "body": {"text": "One.\nTwo.", "html": ""},
        **given,
    }


def page_of(*mails, key: str = "sandbox") -> str:
    """Return the page that shows these mails."""
    outbox = {"key": key, "count": len(mails), "items": list(mails)}
    return outbox_page(outbox).decode()


class Seen(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag, attrs):
        """Note the tag and the names of its attributes."""
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data):
        """Collect the text."""
        self.text += data


class PageTests(SynchronousTestCase):
    def test_mail(self):
        """A mail shows from whom and to whom, its subject and its text by lines."""
        page = page_of(mail(cc=["carol@example.org"]))
        for shown in (
            "Sandbox outbox: 1 mail<",
            "ann@example.com",
            "bob@example.org",
            "carol@example.org",
            "<h2>Hello</h2>",
            "<div>One.</div><div>Two.</div>",
        ):
            self.assertIn(shown, page)

    def test_empty(self):
        """Without mail it says so."""
        self.assertIn("The outbox is empty", page_of())
        self.assertIn("0 mails", page_of())

    def test_newest_first(self):
        """The newest mail is on top, and only so many are shown."""
        mails = [
            mail(subject=f"Mail {number}.") for number in range(MAX_SHOWN_MAILS + 2)
        ]
        page = page_of(*mails)
        self.assertNotIn("Mail 1.<", page)
        self.assertLess(
            page.index(f"Mail {MAX_SHOWN_MAILS + 1}."), page.index("Mail 2.")
        )
        self.assertIn("2 older ones", page)

    def test_only_html(self):
        """A mail that has only HTML shows its source, which does nothing."""
        page = page_of(mail(body={"text": "", "html": "<b>Hi</b>"}))
        self.assertIn("&lt;b&gt;Hi&lt;/b&gt;", page)

    def test_nothing_at_all(self):
        """A mail without subject and body is shown all the same."""
        page = page_of({"subject": None, "body": None, "at": None})
        self.assertIn("(no subject)", page)

    @given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20))
    def test_escaped(self, subject, body, key):
        """Whatever a mail or a key holds, it adds no tag and no attribute."""
        usual, seen = Seen(), Seen()
        usual.feed(page_of(mail(subject="x", body={"text": "x"})))
        nasty = mail(
            subject=NASTY + subject, to=[NASTY + body], body={"text": body + NASTY}
        )
        seen.feed(page_of(nasty, key="sandbox" + NASTY + key))
        self.assertEqual(seen.names, usual.names)
        self.assertEqual(seen.attributes, usual.attributes)
        self.assertIn(NASTY, seen.text)


@implementer(ISandboxView)
class OneWorld:
    """A view of a sandbox in which one key has sent one mail."""

    def outbox(self, key):
        """Return the mail of the one key."""
        if key != "sandbox":
            return None
        return {"key": key, "count": 1, "items": [mail()]}

    def control(self, method, name, key, workspace, body):
        """Answer what was asked."""
        said = [method, name, key, workspace, body.decode()]
        return None if name == "else" else json_answer(200, said)


class RouteTests(ClockedTestCase):
    def connect(self, **choices):
        """Open a connection to a site."""
        connection = MemoryServer(self.clock, **choices).connect()
        self.addCleanup(connection.hang_up)
        return connection

    def test_page(self):
        """``/sandbox`` is HTML under a policy that allows no script."""
        response = self.connect(sandbox_view=OneWorld()).ask("GET", "/sandbox")
        self.assertEqual(response.status, 200)
        self.assertEqual(response.one("content-type"), "text/html; charset=utf-8")
        policy = response.one("content-security-policy") or ""
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("script", policy)
        self.assertIn(b"bob@example.org", response.body)

    def test_foreign_key(self):
        """A key that is not the sandbox's gets 404, and is not repeated."""
        client = self.connect(sandbox_view=OneWorld())
        response = client.ask("GET", "/sandbox?key=real-key-0123")
        self.assertEqual(response.status, 404)
        self.assertNotIn(b"real-key-0123", response.body)

    def test_live(self):
        """A daemon without a sandbox has no such page."""
        self.assertEqual(self.connect().ask("GET", "/sandbox").status, 404)

    def ask(self, method, path, **headers):
        """Send a control request; return the response."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        client = self.connect(sandbox_view=OneWorld())
        return client.ask(method, path, headers=sent, body=b"{}")

    def test_control(self):
        """A control request arrives with its key, its workspace and its body."""
        response = self.ask("POST", "/sandbox/clock?key=sandbox-a", x_as_workspace="w")
        said = ["POST", "clock", "sandbox-a", "w", "{}"]
        self.assertEqual((response.status, loads(response.body)), (200, said))
        self.assertEqual(self.ask("GET", "/sandbox/else").status, 404)

    def test_control_by_another_site(self):
        """A page of another site changes nothing, even one that may read answers."""
        for method, name in (("POST", "reset"), ("DELETE", "faults")):
            for foreign in ({"origin": GOOD_ORIGIN}, {"sec_fetch_site": "cross-site"}):
                response = self.ask(method, f"/sandbox/{name}", **foreign)
                self.assertEqual(response.status, 403, foreign)
        response = self.ask("POST", "/sandbox/reset", sec_fetch_site="same-origin")
        self.assertEqual(response.status, 200)
        response = self.ask("GET", "/sandbox/outbox", origin=GOOD_ORIGIN)
        self.assertEqual(response.status, 200)
