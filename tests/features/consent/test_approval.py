"""What a person must approve is sent once, and only as it was approved."""

from __future__ import annotations

import sqlite3
from typing import Any

from twisted.internet.defer import fail

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.access.approvals.queue import Approvals
from instantly_mcp.access.decisions import Decision, Policy
from instantly_mcp.features.workspace.context import IWriteGuard
from instantly_mcp.state.database import MemoryDatabase
from instantly_mcp.state.stores.approvals import SqlApprovalStore
from tests.rules.everything import WITH_TASKS
from tests.support.access import asking_guard
from tests.support.messages import call, initialize, modern, request
from tests.support.received import Received
from tests.support.seals import new_seal

from .test_questions import FORMS, QuestionCase
from .test_token_confirmation import CAMPAIGN, MAIL, REPLY


class ApprovalCase(QuestionCase):
    """Sending needs an approval, the rest is as usual."""

    policy = Policy(sends=Decision.APPROVE)
    fallback = "token"

    def guard(self) -> IWriteGuard:
        self.approvals = Approvals(
            store=SqlApprovalStore(MemoryDatabase()),
            policy=self.policy.version,
            wall=lambda: self.now,
            seconds=self.clock.seconds,
        )
        self.asking = asking_guard(
            new_seal(),
            lambda: self.now,
            self.policy,
            approvals=self.approvals,
            fallback=self.fallback,
        )
        return self.asking

    def pending(self, **more: Any) -> str:
        """Call the tool; return the id of the request that waits."""
        error = self.failure("reply_to_email", **{**REPLY, **more})
        self.assertEqual(error["code"], "approval_pending", error)
        id: str = error["approval"]
        return id

    def decide(self, id: str, approve: bool = True) -> None:
        """Decide as a person."""
        self.successResultOf(self.approvals.decide(id, approve, "bo", "page"))


class CollectTests(ApprovalCase):
    def test_collected_once(self) -> None:
        """The same call, made again, collects the approval; then it is used up."""
        id = self.pending()
        self.assertEqual(self.pending(), id)
        self.assertEqual(self.sent(), 0)
        self.decide(id)
        self.value("reply_to_email", **REPLY)
        self.assertEqual(self.sent(), 1)

    def test_disk_is_full(self) -> None:
        """An approval that cannot be marked as used is not used, and counts later."""
        self.decide(self.pending())
        full = sqlite3.OperationalError("database or disk is full")
        patched = self.patch(SqlApprovalStore, "replace", lambda *_: fail(full))
        error = self.failure("reply_to_email", **REPLY)
        patched.restore()
        self.assertEqual(error["code"], "not_allowed")
        self.assertIn("cannot record", error["message"])
        self.assertEqual(len(self.flushLoggedErrors(sqlite3.Error)), 1)
        self.assertEqual(self.sent(), 0)
        self.value("reply_to_email", **REPLY)

    def test_used_up(self) -> None:
        """A further reply with the same text to a changed mail needs a new one."""
        id = self.pending()
        self.decide(id)
        other = {**MAIL, "from_address_email": "other@theirs.example"}
        self.instantly.answers("getEmail", other)
        self.assertNotEqual(self.pending(), id)
        self.assertEqual(self.sent(), 0)

    def test_all_of_a_subject(self) -> None:
        """The person sees what a program would take for an image or hidden text."""
        id = self.pending(subject="![I pay](x) <i hidden>all of</i> it\u202e")
        found = self.successResultOf(self.approvals.get(id))
        assert found is not None
        self.assertEqual(
            dict(found.preview.facts)["Subject"],
            "![I pay](x) <i hidden>all of</i> it[U+202E]",
        )

    def test_denied(self) -> None:
        """A denial is reported, and asking again at once changes nothing."""
        self.decide(self.pending(), approve=False)
        for _ in range(2):
            error = self.failure("reply_to_email", **REPLY)
            self.assertEqual(error["code"], "approval_denied")
        self.assertEqual(self.sent(), 0)

    def test_no_token_in_its_place(self) -> None:
        """A confirm_token is not an approval, and the client's user is not asked."""
        self.pending(confirm_token="made-up")
        message = modern(call("reply_to_email", REPLY), clientCapabilities=FORMS)
        self.assertEqual(self.code(self.line.send_modern(message)), "approval_pending")
        self.assertEqual(self.sent(), 0)

    def test_no_approvers(self) -> None:
        """Without approvers it is refused."""
        guard = asking_guard(new_seal(), lambda: self.now, self.policy)
        self.context.guard = guard
        self.assertEqual(self.failure("reply_to_email", **REPLY)["code"], "not_allowed")


class TaskTests(ApprovalCase):
    """A client that has tasks gets one, which waits for the decision."""

    def start(self, name: str = "reply_to_email", given: JsonObject = REPLY) -> str:
        """Start a call that becomes a task; return its id."""
        message = call(name, dict(given))
        sent = modern(message, clientCapabilities=WITH_TASKS)
        result = self.line.send_modern(sent).result
        self.assertEqual(result["resultType"], "task", result)
        id: str = result["taskId"]
        return id

    def task(self, id: str) -> JsonObject:
        """Return a task as it is now."""
        message = request("tasks/get", {"taskId": id})
        received: Received = self.line.send_modern(
            modern(message, clientCapabilities=WITH_TASKS)
        )
        shown: JsonObject = received.result
        return shown

    def waiting(self) -> str:
        """Return the id of the only request that waits."""
        (one,) = self.successResultOf(self.approvals.pending())
        return one.id

    def test_approved(self) -> None:
        """It is sent when a person approves it."""
        id = self.start()
        shown = self.task(id)
        self.assertEqual(shown["status"], "working")
        self.assertIn("approve", shown["statusMessage"])
        self.decide(self.waiting())
        shown = self.task(id)
        self.assertEqual(shown["status"], "completed")
        self.assertNotIn("isError", shown["result"])
        self.assertEqual(self.sent(), 1)

    def test_denied(self) -> None:
        """A denial ends it."""
        id = self.start()
        self.decide(self.waiting(), approve=False)
        result = self.task(id)["result"]
        code = result["structuredContent"]["error"]["code"]
        self.assertEqual(code, "approval_denied")
        self.assertEqual(self.sent(), 0)

    def test_changed_meanwhile(self) -> None:
        """What changed since the approval is asked for again."""
        id = self.start()
        first = self.waiting()
        other = {**MAIL, "from_address_email": "other@theirs.example"}
        self.instantly.answers("getEmail", other)
        self.decide(first)
        self.assertEqual(self.sent(), 0)
        second = self.waiting()
        self.assertNotEqual(first, second)
        self.decide(second)
        self.assertEqual(self.task(id)["status"], "completed")
        self.assertEqual(self.sent(), 1)

    def test_riskier_meanwhile(self) -> None:
        """What is of another class after the wait is refused, not asked for again.

        The policy may deny that class.
        """
        self.asking.policy = Policy(writes=Decision.APPROVE, sends=Decision.DENY)
        self.instantly.answers("getCampaign", {**CAMPAIGN, "status": 0})
        id = self.start("create_lead", {"campaign": "c1", "email": "a@example.com"})
        self.instantly.answers("getCampaign", CAMPAIGN)
        self.decide(self.waiting())
        error = self.task(id)["result"]["structuredContent"]["error"]
        self.assertEqual(error["code"], "not_allowed")
        self.assertEqual(self.successResultOf(self.approvals.pending()), [])
        self.assertEqual(self.instantly.calls("createLead"), [])

    def test_others_go_on(self) -> None:
        """While the approver decides, other changes of the workspace go on."""
        id = self.start()
        self.instantly.answers("moveLeads", {"id": "j1", "status": "success"})
        move = call(
            "move_leads_to_campaign_or_list", {"list_id": "l1", "to_list_id": "l2"}
        )
        self.assertNotIn("isError", self.line.send_modern(modern(move)).result)
        self.decide(self.waiting())
        self.assertEqual(self.task(id)["status"], "completed")


class SilenceTests(ApprovalCase):
    """Where sending is confirmed, silence can lead to an approval."""

    policy = Policy()
    fallback = "approve"

    def test_silence(self) -> None:
        """A client that is asked and silent leads to a request for approval."""
        opened = self.line.send(initialize(capabilities=FORMS))
        session = opened.header("mcp-session-id")
        message = call("reply_to_email", REPLY)
        received = self.line.send(message, session=session)
        self.clock.advance(45)
        self.assertEqual(self.code(received), "approval_pending")
