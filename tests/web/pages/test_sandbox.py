"""The page of the sandbox."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from instantly_mcp._json_codec import loads
from instantly_mcp.pipeline.replies.reply import json_answer
from instantly_mcp.pipeline.visitors import Visitor
from instantly_mcp.protocol.wire.errors import ProtocolError
from instantly_mcp.web.interfaces import ISandboxView
from instantly_mcp.web.pages.sandbox import STEPS, sandbox_page
from tests.support.cases import ClockedTestCase

from ..site import FACTS, GOOD_ORIGIN, MemoryServer

CAMPAIGN = {
    "name": "Q4",
    "status": "Active",
    "leads": 3,
    "sent": 2,
    "replies": 1,
    "bounces": 0,
}
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


def shown(*mails, key: str = "sandbox", **given):
    """Return a workspace with these mails, as the page gets it."""
    return {
        "key": key,
        "now": "2026-11-03T09:00:00.000Z",
        "contains": {"campaigns": 1, "leads": 1200, "threads": 3},
        "campaigns": [CAMPAIGN],
        "outbox": {"count": len(mails), "items": list(mails)},
        "replies": {"count": 0, "items": []},
        "answerable": "0-mail",
        "faults": [],
        "since": {"sent": 2, "replies": 1},
        **given,
    }


def page_of(*mails, forms: bool = True, changed: str = "", page: int = 1, **given):
    """Return the page of a workspace with these mails."""
    workspace = shown(*mails, **given)
    return sandbox_page(
        workspace, FACTS, page=page, changed=changed, forms=forms
    ).decode()


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
    """What the page shows."""

    def seen(self, *mails, **given):
        """Return what a browser finds in a page."""
        found = Seen()
        found.feed(page_of(*mails, **given))
        return found

    def test_workspace(self):
        """Which workspace, its time and day of the week, how much it has."""
        text = self.seen(key="sandbox-ann").text
        for words in ("sandbox-ann", "Tuesday, 2026-11-03 09:00 UTC", "1,200 leads"):
            self.assertIn(words, text)

    def test_mails(self):
        """Mails with people, time and text; one without a subject says so."""
        text = self.seen(mail(cc=["eve@example.org"]), mail(subject=None)).text
        for words in ("Outbox: 2 mails", "eve@example.org", "One.\nTwo.", "no subject"):
            self.assertIn(words, text)

    def test_empty(self):
        """An empty outbox says what to do."""
        text = self.seen().text
        self.assertIn("Let a day pass", text)
        self.assertIn("Create a campaign named Test", text)

    def test_html_only(self):
        """The HTML of a mail without text is shown as text."""
        found = self.seen(mail(body={"html": "<b>bold</b>"}))
        self.assertIn("<b>bold</b>", found.text)
        self.assertNotIn("b", found.names)

    def test_long_mail(self):
        """A long mail is shortened."""
        self.assertLess(len(page_of(mail(body={"text": "x" * 10**6}))), 30_000)

    def test_replies(self):
        """Replies that arrived are above the outbox."""
        reply = {"at": "2026-11-03T08:00:00.000Z", "from": "lead@example.org"}
        reply |= {"subject": "Re: Hello", "text": "Yes, please."}
        text = self.seen(replies={"count": 12, "items": [reply]}).text
        self.assertIn("Inbox: 12 replies", text)
        self.assertIn("Yes, please.", text)
        self.assertIn("These are the newest 1.", text)

    def test_changes(self):
        """After a button the page says what came of it."""
        for word, words in (
            ("day", "A day has passed: 2 mails would have been sent, and 1 reply"),
            ("hour", "An hour has passed: 2 mails"),
            ("reset", "begins again"),
            ("fault", "next call"),
            ("clear", "no faults any more"),
        ):
            self.assertIn(words, self.seen(changed=word).text)
        self.assertNotIn("note", page_of(changed="<x>").split("</style>")[1])
        nothing = {"sent": 0, "replies": 0}
        text = self.seen(changed="day", since=nothing).text
        self.assertIn("Campaigns send at their scheduled hours.", text)
        text = self.seen(changed="day", since={"sent": 3, "replies": 0}).text
        self.assertIn("begins with reply. always do", text)

    def test_faults(self):
        """Faults that wait are listed."""
        fault = {"kind": "status", "status": 429, "seconds": 3, "operation": None}
        fault |= {"times": 1, "on_call": 3}
        text = self.seen(faults=[fault, {**fault, "kind": "cut", "times": 0}]).text
        for words in (
            "status 429 3 s late for any operation, 1 call from call 3",
            "cut 3 s late for any operation, all calls from call 3",
            "Remove all",
        ):
            self.assertIn(words, text)

    def test_pages(self):
        """Many mails come in pages, with links that keep the key."""
        outbox = {"count": 45, "items": [mail()]}
        page = page_of(outbox=outbox, page=2, key="sandbox-a b")
        for words in ("Page 2 of 3", "key=sandbox-a%20b&amp;page=1", "page=3"):
            self.assertIn(words, page)

    def test_without_forms(self):
        """A visitor whose buttons would be refused gets none, but can look around."""
        page = page_of(forms=False)
        self.assertNotIn('method="post"', page)
        self.assertIn("requires a secret", page)

    def test_shell(self):
        """The command names the newest mail, the key and the address."""
        text = self.seen(key="sandbox-o'ne").text
        self.assertIn("'Authorization: Bearer sandbox-o'\\''ne'", text)
        self.assertIn('"reply_to_uuid": "0-mail"', text)
        self.assertIn("http://127.0.0.1:3000/mcp", text)
        self.assertNotIn("reply()", self.seen(answerable=None).text)

    @given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20))
    def test_escaped(self, subject, body, key):
        """Whatever a mail, a name or a key holds, it adds no tag and no attribute."""
        usual = self.seen(mail(subject="x", body={"text": "x"}))
        nasty = mail(
            subject=NASTY + subject, to=[NASTY + body], body={"text": body + NASTY}
        )
        campaigns = [{**CAMPAIGN, "name": NASTY + subject}]
        seen = self.seen(nasty, key="sandbox" + NASTY + key, campaigns=campaigns)
        self.assertEqual(seen.names, usual.names)
        self.assertEqual(seen.attributes, usual.attributes)
        self.assertIn(NASTY, seen.text)


@implementer(ISandboxView)
class OneWorld:
    """A view of a sandbox in which one key has sent one mail."""

    def __init__(self):
        self.asked = []

    def overview(self, key, first, most, since):
        """Return the workspace of the one key."""
        if key != "sandbox":
            return None
        asked = mail(subject=f"{first} {most} {since}")
        return shown(asked, outbox={"count": 50, "items": [asked]})

    def control(self, method, name, key, workspace, body):
        """Answer what was asked; with an object if that was a form's request."""
        if workspace is None and key == "sandbox":
            self.asked.append((method, name, loads(body) if body else None))
            return json_answer(200, {"now": "2026-11-02T09:00:00.000Z"})
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
        self.assertIn("form-action 'self'", policy)
        self.assertEqual(response.one("referrer-policy"), "same-origin")
        self.assertIn(b"bob@example.org", response.body)
        self.assertIn(b"0 20 9999", response.body)

    def test_query(self):
        """The page and the moment of a change come from the query."""
        client = self.connect(sandbox_view=OneWorld())
        moment = "2026-11-02T09:00:00.000Z"
        target = f"/sandbox?page=3&changed=day&since={moment}"
        page = client.ask("GET", target).body
        self.assertIn(f"40 20 {moment}".encode(), page)
        for odd in ("page=x", "page=-1", "page=999999", "since=%3Cb%3E", "page="):
            page = client.ask("GET", f"/sandbox?{odd}").body
            self.assertIn(b"0 20 9999", page)

    def send(self, form, view=None, **headers):
        """Send a form; return the response."""
        view = view or OneWorld()
        client = self.connect(sandbox_view=view)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Content-Type"] = "application/x-www-form-urlencoded"
        target = "/sandbox?key=sandbox"
        return client.ask("POST", target, headers=sent, body=form.encode())

    def test_forms(self):
        """Each form does one thing, and leads back to the page of its workspace."""
        place = "/sandbox?key=sandbox&changed="
        since = "&since=2026-11-02T09:00:00.000Z"
        clock = ("GET", "clock", None)
        for form, asked, where in (
            ("do=day", [clock, ("POST", "clock", {"advance_seconds": 86400})], "day"),
            ("do=hour", [clock, ("POST", "clock", {"advance_seconds": 3600})], "hour"),
            (
                "do=week",
                [clock, ("POST", "clock", {"advance_seconds": 604800})],
                "week",
            ),
            ("do=reset", [("POST", "reset", None)], "reset"),
            ("do=clear", [("DELETE", "faults", None)], "clear"),
            ("do=fault&fault=cut", [("POST", "faults", {"kind": "cut"})], "fault"),
        ):
            view = OneWorld()
            response = self.send(form, view)
            self.assertEqual(response.status, 303, form)
            more = since if where in STEPS else ""
            self.assertEqual(response.one("location"), f"{place}{where}{more}")
            self.assertEqual(view.asked, asked)

    def test_other_forms(self):
        """What is not a form of the page changes nothing."""
        for form in (
            *("", "do=", "do=else", "do=fault", "do=fault&fault=else", "%ff", "a=b"),
            *("do=day" + "x" * 3000, "&".join(["do=day"] * 50), "do=d\xe4y"),
        ):
            view = OneWorld()
            self.assertEqual(self.send(form, view).status, 404, form[:20])
            self.assertEqual(view.asked, [])

    def test_form_of_another_site(self):
        """A form that a page of another site sends changes nothing."""
        for foreign in (
            {"origin": GOOD_ORIGIN},
            {"sec_fetch_site": "cross-site"},
            {"sec_fetch_site": "same-site"},
        ):
            view = OneWorld()
            self.assertEqual(self.send("do=reset", view, **foreign).status, 403)
            self.assertEqual(view.asked, [])

    def test_secret(self):
        """Where a secret is needed, the page of a visitor who sends it has no forms."""

        def visitors(headers, query, address):
            if query:
                return Visitor()
            return Visitor(refusal=ProtocolError(-32600, "no", status=401))

        client = self.connect(sandbox_view=OneWorld(), visitors=visitors)
        self.assertEqual(client.ask("GET", "/sandbox").status, 401)
        page = client.ask("GET", "/sandbox?key=sandbox").body
        self.assertIn(b"requires a secret", page)
        self.assertNotIn(b'method="post"', page)

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
        self.assertEqual(self.ask("GET", "/sandbox/else?key=no").status, 404)

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
