"""Tests for what an approver sees and decides on the pages."""

from __future__ import annotations

import sqlite3

from attrs import evolve
from twisted.internet.defer import fail
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.approvals.approval import ApprovalState
from instantly_mcp.access.preview import Preview
from instantly_mcp.web.approvals.request_views import MAX_SHOWN
from tests.access.approvals.queue import PREVIEW, act

from .browser import ORIGINS, Browser, PageServer

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>&amp;\u202eabc\x1b[0m"
)


class PagesTestCase(SynchronousTestCase):
    """A server with a queue."""

    def setUp(self) -> None:
        """Start it."""
        self.server = PageServer()
        self.queue = self.server.queue
        self.addCleanup(self.queue.database.close)

    def signed_in(self, name: str = "Bo", origin: str = ORIGINS[0]) -> Browser:
        """Open a browser that is signed in."""
        return self.server.signed_in(name, origin)

    def browser(self, origin: str = ORIGINS[0]) -> Browser:
        """Open a browser that is not signed in."""
        return self.server.browser(origin)


class DecidingTests(PagesTestCase):
    """Approve, deny, and what is shown before and after."""

    def test_approve(self) -> None:
        """What an approver approves can be used, and the page says by whom."""
        id = self.queue.asked()
        bo = self.signed_in()
        self.assertIn(PREVIEW.title, bo.text)
        bo.get(f"/approvals/{id}")
        self.assertIn("ada@example.com", bo.text)
        bo.submit(id, decision="approve")
        self.assertEqual((bo.status, bo.path), (200, f"/approvals/{id}"))
        self.assertIn("Approved by Bo", bo.text)
        self.assertEqual(bo.forms.buttons, [])
        self.assertEqual(self.queue.obtain().by, "Bo")
        self.assertIn("and used", bo.get(f"/approvals/{id}").text)

    def test_too_long(self) -> None:
        """What the page does not show in full is approved in the terminal only."""
        for more, buttons in ((0, ["approve", "deny"]), (1, ["deny"])):
            text = "a" * (MAX_SHOWN + more)
            preview = Preview(title="Reply", untrusted=(("Body", text),))
            id = self.queue.asked(act(f"caller-{more}"), preview)
            bo = self.signed_in()
            bo.get(f"/approvals/{id}")
            self.assertEqual([value for _, value in bo.forms.buttons], buttons)
            said = f"instantly-mcp approvals show {id}" in bo.text
            self.assertEqual(said, bool(more))

    def test_disk_is_full(self) -> None:
        """When a decision cannot be stored, a page says so, and nothing is approved."""
        id = self.queue.asked()
        bo = self.signed_in()
        bo.get(f"/approvals/{id}")
        full = sqlite3.OperationalError("database or disk is full")
        store = self.queue.approvals.store
        patched = self.patch(type(store), "replace", lambda *_: fail(full))
        bo.submit(id, decision="approve")
        patched.restore()
        self.assertEqual(bo.status, 500)
        self.assertIn("Open it again to see what was decided", bo.text)
        self.assertNotIn("disk", bo.text)
        self.assertEqual(len(self.flushLoggedErrors(sqlite3.Error)), 1)
        self.assertIn("Waits for a decision", bo.get(f"/approvals/{id}").text)

    def test_deny(self) -> None:
        """What an approver denies is refused."""
        id = self.queue.asked()
        bo = self.signed_in()
        bo.get(f"/approvals/{id}").submit(id, decision="deny")
        self.assertIn("Denied by Bo", bo.text)
        self.assertEqual(self.queue.refused().code, "approval_denied")
        self.assertIn("Denied by Bo", bo.get("/approvals").text)

    def test_lists(self) -> None:
        """Both lists say how many wait, and when and by whom others were decided."""
        first, second = self.queue.asked(), self.queue.asked(act("another"))
        bo = self.signed_in()
        self.assertIn("Approvals: 2 waiting", bo.text)
        bo.get(f"/approvals/{first}").submit(first, decision="approve")
        bo.get("/approvals")
        self.assertIn("Approvals: 1 waiting", bo.text)
        waiting, decided = bo.page.split("<h2>Decided</h2>")
        self.assertIn(f'href="approvals/{second}"', waiting)
        self.assertIn(f'href="approvals/{first}"', decided)
        self.assertIn("Approved by Bo at 2027-01-15 08:00:00 UTC", decided)

    def test_no_request(self) -> None:
        """Empty lists say so; an unknown number is 404."""
        bo = self.signed_in()
        self.assertIn("No request waits", bo.text)
        self.assertEqual(bo.get("/approvals/aaaaaaaa").status, 404)
        for path in ("/", "/mcp", "/approvals/", "/approvals/a/b", "/info", "//status"):
            self.assertEqual(bo.get(path).status, 404, path)

    def test_double_click(self) -> None:
        """The second click on one button changes nothing, and shows the decision."""
        id = self.queue.asked()
        bo = self.signed_in().get(f"/approvals/{id}")
        form = {**bo.forms.found[f"../approvals/{id}"], "decision": "approve"}
        for _ in range(2):
            bo.post(f"/approvals/{id}", form)
            self.assertEqual(bo.status, 200)
            self.assertIn("Approved by Bo", bo.text)
        self.queue.obtain()
        self.assertEqual(self.queue.refused().code, "approval_pending")

    def test_two_approvers(self) -> None:
        """Of two decisions the first counts, and the second person learns of it."""
        id = self.queue.asked()
        bo, eve = self.signed_in(), self.signed_in("Eve")
        for browser in (bo, eve):
            browser.get(f"/approvals/{id}")
        bo.submit(id, decision="deny")
        eve.submit(id, decision="approve")
        self.assertEqual(eve.status, 409)
        self.assertIn("Denied by Bo", eve.text)
        self.assertIn("not taken", eve.text)
        self.assertIs(self.queue.get(id).state, ApprovalState.DENIED)

    def test_expired(self) -> None:
        """A page that was open for too long cannot approve any more."""
        id = self.queue.asked()
        self.queue.pass_time(10 * 60)
        bo = self.signed_in().get(f"/approvals/{id}")
        self.assertIn("for 5 minutes", bo.text)
        self.queue.pass_time(5 * 60)
        bo.submit(id, decision="approve")
        self.assertEqual(bo.status, 409)
        self.assertIn("no decision in time", bo.text)
        self.assertEqual(self.queue.refused().code, "approval_denied")

    def test_odd_decision(self) -> None:
        """A form that neither approves nor denies decides nothing."""
        id = self.queue.asked()
        bo = self.signed_in().get(f"/approvals/{id}")
        for decision in ("", "maybe", "APPROVE"):
            bo.submit(id, decision=decision)
            self.assertEqual(bo.status, 400)
        self.assertIs(self.queue.get(id).state, ApprovalState.PENDING)

    def test_denied_by_policy(self) -> None:
        """After a change of the policy the page offers no button."""
        id = self.queue.asked()
        self.queue.approvals.policy = "policy-2"
        bo = self.signed_in().get(f"/approvals/{id}")
        self.assertEqual(bo.forms.buttons, [])
        self.assertIn("policy has changed", bo.text)
        self.assertIn("No request waits", bo.get("/approvals").text)

    def test_hostile_text(self) -> None:
        """Text from outside is shown as text, in every place, and is marked."""
        preview = Preview(
            title=f"Reply {HOSTILE}",
            facts=(("Campaign", HOSTILE),),
            untrusted=(("Body", f"{HOSTILE}\nApprove this at once."),),
        )
        hostile = evolve(
            act(),
            client=HOSTILE,
            tool=HOSTILE,
            workspace=HOSTILE,
            targets=(HOSTILE,),
        )
        id = self.queue.asked(hostile, preview)
        bo = self.signed_in()
        for path in ("/approvals", f"/approvals/{id}"):
            bo.get(path)
            for raw in ("<script", "<img", "\u202e", "\x1b"):
                self.assertNotIn(raw, bo.page, path)
            self.assertIn("<script>alert(1)</script>", bo.text)
        self.assertIn("do not follow instructions in it", bo.text)
        self.assertIn("[U+202E]abc", bo.text)
        self.assertEqual(
            bo.forms.buttons, [("decision", "approve"), ("decision", "deny")]
        )

    def test_status(self) -> None:
        """The status page shows what waits, and who may approve."""
        self.queue.asked()
        self.server.add("Ada")
        bo = self.signed_in().get("/status")
        self.assertIn("Ada, Bo", bo.text)
        self.assertIn("instantly-mcp 9.9.9", bo.text)
        self.assertIn("Waiting for approval", bo.text)
