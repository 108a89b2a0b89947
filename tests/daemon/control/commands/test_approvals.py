"""The commands about approvals and approvers, on a real database."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.preview import Preview
from instantly_mcp.daemon.access.books import load_books
from instantly_mcp.daemon.control.commands.approvals import DecideApproval
from instantly_mcp.daemon.control.requests import CommandRefusedError
from instantly_mcp.daemon.control.subjects import command_table
from tests.access.approvals.queue import NOW, Queue, act

PREVIEW = Preview(
    title="Reply to Ada",
    facts=(("To", "ada@example.com"),),
    untrusted=(("Body", "Hello"),),
)


class ApprovalCommandTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Open the books of a queue that has one request, and one approver."""
        self.queue = Queue()
        self.addCleanup(self.queue.database.close)
        self.open()
        self.number = self.queue.asked(preview=PREVIEW)
        self.secret = self.run_command("approver.add", name="Bo")["secret"]

    def open(self) -> None:
        """Load the books, as a command without a daemon does."""
        books = load_books(self.queue.database, lambda: self.queue.wall)
        self.table = command_table(books)

    def run_command(self, name: str, /, **arguments: Any) -> Any:
        """Run a command that succeeds; return its value."""
        return self.successResultOf(self.table.run(name, arguments))

    def refused(self, name: str, /, **arguments: Any) -> str:
        """Run a command that is refused; return its sentence."""
        running = self.table.run(name, arguments)
        refusal: CommandRefusedError = self.failureResultOf(
            running, CommandRefusedError
        ).value
        (line,) = refusal.lines
        return line

    def decide(self, approve: bool = True, secret: str | None = None) -> Any:
        """Decide about the request."""
        return self.run_command(
            "approvals.decide",
            id=self.number,
            approve=approve,
            secret=secret or self.secret,
        )

    def test_list_and_show(self) -> None:
        """What waits is listed, and shown with all that a person must know."""
        (listed,) = self.run_command("approvals.list")["pending"]
        self.assertEqual(
            (listed["id"], listed["state"], listed["title"], listed["workspace"]),
            (self.number, "pending", "Reply to Ada", "Acme"),
        )
        shown = self.run_command("approvals.show", id=self.number)
        self.assertEqual(shown["facts"], [["To", "ada@example.com"]])
        self.assertEqual(shown["untrusted"], [["Body", "Hello"]])
        self.assertEqual((shown["risks"], shown["until"]), (["sends"], NOW + 900))
        self.assertIn("no request", self.refused("approvals.show", id="unknown"))

    def test_approve(self) -> None:
        """An approval in the terminal counts as one on the page does."""
        decided = self.decide()
        self.assertEqual((decided["state"], decided["by"]), ("approved", "Bo"))
        self.assertEqual(decided["how"], "terminal")
        self.assertEqual(self.queue.obtain(preview=PREVIEW).by, "Bo")

    def test_deny(self) -> None:
        """A denial refuses the call."""
        self.assertEqual(self.decide(approve=False)["state"], "denied")
        self.assertEqual(self.queue.refused(preview=PREVIEW).code, "approval_denied")

    def test_decided(self) -> None:
        """A request is decided once; the second person learns how."""
        self.decide(approve=False)
        arguments = {"id": self.number, "approve": True, "secret": self.secret}
        self.assertIn("denied by Bo", self.refused("approvals.decide", **arguments))
        arguments["id"] = "unknown"
        self.assertIn("no request", self.refused("approvals.decide", **arguments))

    def test_secret(self) -> None:
        """Without the secret of an approver nothing is decided."""
        for secret in ("", "Bo", self.secret[:-1], "imt_x"):
            arguments = {"id": self.number, "approve": True, "secret": secret}
            line = self.refused("approvals.decide", **arguments)
            self.assertIn("not the secret of an approver", line)
        self.assertEqual(self.queue.pending(), [self.number])

    def test_removed(self) -> None:
        """A removed approver decides nothing."""
        removed = self.run_command("approver.remove", name="Bo")
        self.assertEqual(removed, {"removed": "Bo", "left": 0})
        self.assertIn("no approver", self.refused("approver.remove", name="Bo"))
        arguments = {"id": self.number, "approve": True, "secret": self.secret}
        self.assertIn("not the secret", self.refused("approvals.decide", **arguments))

    def test_another_policy(self) -> None:
        """Without a daemon the policy is not known; the next daemon compares it."""
        self.decide()
        self.queue.restart(policy="policy-2")
        self.assertEqual(self.queue.refused(preview=PREVIEW).code, "approval_pending")

    def test_approvers(self) -> None:
        """Approvers are listed by name, without their secrets, after a restart too."""
        self.run_command("approver.add", name="Ada Lovelace")
        self.assertIn("already", self.refused("approver.add", name="bo"))
        self.assertIn("letters", self.refused("approver.add", name="\x1b[1m"))
        self.open()
        self.assertEqual(
            self.run_command("approver.list"),
            [
                {"name": "Ada Lovelace", "added_at": NOW},
                {"name": "Bo", "added_at": NOW},
            ],
        )
        self.assertEqual(self.decide()["by"], "Bo")

    def test_no_secret_in_repr(self) -> None:
        """A request does not show the secret that it has."""
        request = DecideApproval(id="x", approve=True, secret=self.secret)
        self.assertNotIn(self.secret, repr(request))

    def test_who_asks(self) -> None:
        """A request names its caller."""
        self.queue.asked(act("another"), PREVIEW)
        listed = self.run_command("approvals.list")["pending"]
        self.assertEqual(
            [each["principal"] for each in listed], ["a-principal", "another"]
        )
