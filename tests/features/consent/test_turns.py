"""What a person agreed to is not changed by another write on its way."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.access.refusal import BUSY, AccessRefusedError
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.features.consent.turns import MAX_WAIT_SECONDS, Turn, Turns
from tests.support.cases import ClockedTestCase
from tests.support.messages import call
from tests.support.received import Received

from .test_approval import ApprovalCase
from .test_questions import YES, SessionCase
from .test_token_confirmation import MAIL, REPLY, ConfirmCase

ALONE, ANY = "activateCampaign", "createLead"
MOVE = "move_leads_to_campaign_or_list"
MOVED = {"list_id": "l1", "to_list_id": "l2"}


class TurnTests(ClockedTestCase):
    """The turns of the writes of one workspace."""

    def setUp(self) -> None:
        super().setUp()
        self.turns = Turns()
        self.taken: list[Turn] = []

    def take(self, operation: str, workspace: str = "w") -> tuple[Turn, Deferred[None]]:
        """Ask for a turn."""
        turn = self.turns.of(workspace, BY_ID[operation])
        self.taken.append(turn)
        return turn, Deferred.fromCoroutine(turn.take(self.clock, MAX_WAIT_SECONDS))

    def test_at_the_same_time(self) -> None:
        """Writes that act on one object wait for each other in no way."""
        taken = [self.take(ANY), self.take(ANY), self.take(ALONE, "other")]
        for _, turn in taken:
            self.successResultOf(turn)

    def test_alone(self) -> None:
        """A start waits for all before it, and all after it wait for the start."""
        first, _ = self.take(ANY)
        start, started = self.take(ALONE)
        _, later = self.take(ANY)
        self.assertNoResult(started)
        self.assertNoResult(later)
        first.leave()
        self.successResultOf(started)
        self.assertNoResult(later)
        start.leave()
        start.leave()
        self.successResultOf(later)

    def test_again(self) -> None:
        """A turn that was left can be taken again, and is taken only once."""
        turn, _ = self.take(ALONE)
        again = Deferred.fromCoroutine(turn.take(self.clock, 1))
        self.successResultOf(again)
        turn.leave()
        other, _ = self.take(ANY)
        again = Deferred.fromCoroutine(turn.take(self.clock, 1))
        self.assertNoResult(again)
        other.leave()
        self.successResultOf(again)

    def test_too_late(self) -> None:
        """A write that waits too long is refused, and holds up no other."""
        self.take(ANY)
        _, started = self.take(ALONE)
        _, later = self.take(ANY)
        self.clock.advance(MAX_WAIT_SECONDS)
        error = self.failureResultOf(started, AccessRefusedError).value
        self.assertEqual(error.code, BUSY)
        self.successResultOf(later)

    def test_left(self) -> None:
        """A write whose caller leaves while it waits holds up no other."""
        self.take(ANY)
        _, started = self.take(ALONE)
        _, later = self.take(ANY)
        started.cancel()
        self.failureResultOf(started, CancelledError)
        self.successResultOf(later)


class WriteTests(ConfirmCase):
    """Writes that need no consent take turns, too."""

    def test_waits_for_a_write_under_way(self) -> None:
        """A move reads and moves nothing while a lead is being added."""
        adding: Deferred[Json] = Deferred()
        self.instantly.answers("createLead", adding)
        added = self.starting("create_lead", list_id="l1", email="a@example.com")
        self.instantly.answers("moveLeads", {"id": "j1", "status": "success"})
        moved = self.starting(MOVE, **MOVED)
        self.assertEqual(self.instantly.calls("moveLeads"), [])
        adding.callback({"id": "x1"})
        self.assertFalse(self.successResultOf(added).is_error)
        self.assertFalse(self.successResultOf(moved).is_error)

    def test_waits_for_a_move(self) -> None:
        """A lead is added after the move that was first; a campaign stops at once."""
        moving: Deferred[Json] = Deferred()
        self.instantly.answers("moveLeads", moving)
        moved = self.starting(MOVE, **MOVED)
        added = self.starting("create_lead", list_id="l1", email="a@example.com")
        self.assertNoResult(added)
        self.value("pause_campaign", campaign_id="c1")
        self.instantly.answers("createLead", {"id": "x1"})
        moving.callback({"id": "j1", "status": "success"})
        self.assertFalse(self.successResultOf(moved).is_error)
        self.assertFalse(self.successResultOf(added).is_error)

    def test_ends_with_a_refusal(self) -> None:
        """A write that is refused, or asks, holds up no other."""
        self.required("reply_to_email", **REPLY)
        self.required("delete_lead_list", list_id="l1")
        self.failure("reply_to_email", **REPLY, confirm_token="made-up")
        self.instantly.answers("moveLeads", {"id": "j1", "status": "success"})
        self.value(MOVE, **MOVED)


class QuestionTurnTests(SessionCase):
    """A legacy client is asked in the middle of the call."""

    def test_no_turn_while_asked(self) -> None:
        """Others go on while the user decides; the reply is sent after it."""
        received, asked = self.ask()
        self.instantly.answers("moveLeads", {"id": "j1", "status": "success"})
        moved = self.line.send(call(MOVE, MOVED), session=self.session)
        self.assertNotIn("isError", moved.result)
        self.answer(asked, YES)
        self.assertNotIn("isError", received.result)
        self.assertEqual(self.sent(), 1)

    def test_turn_after_the_answer(self) -> None:
        """After the answer it waits for a move, and is then looked at again."""
        received, asked = self.ask()
        moving: Deferred[Json] = Deferred()
        self.instantly.answers("moveLeads", moving)
        self.line.send(call(MOVE, MOVED), session=self.session)
        self.answer(asked, YES)
        self.assertEqual(self.sent(), 0)
        moving.callback({"id": "j1", "status": "success"})
        self.assertNotIn("isError", received.result)
        self.assertEqual(self.sent(), 1)

    def deletion(self) -> tuple[Received, JsonObject]:
        """Call for the deletion of a list; return the reply, and the question."""
        message = call("delete_lead_list", {"list_id": "l2"})
        received = self.line.send(message, session=self.session)
        asked: JsonObject = received.messages[0]
        return received, asked

    def test_preview_in_a_turn(self) -> None:
        """What was agreed to is looked at again only after the writes under way."""
        received, asked = self.deletion()
        adding: Deferred[Json] = Deferred()
        self.instantly.answers("createLead", adding)
        lead = {"list_id": "l2", "email": "a@example.com"}
        self.line.send(call("create_lead", lead), session=self.session)
        reads = len(self.instantly.calls("getLeadList"))
        self.answer(asked, YES)
        self.assertEqual(len(self.instantly.calls("getLeadList")), reads)
        adding.callback({"id": "x1"})
        self.assertNotIn("isError", received.result)
        self.assertEqual(len(self.instantly.calls("deleteLeadList")), 1)

    def test_move_since_the_question(self) -> None:
        """A list is not deleted if a move into it began while the user decided."""
        received, asked = self.deletion()
        job = {"id": "j1", "status": "pending"}
        for operation in ("moveLeads", "getBackgroundJob"):
            self.instantly.answers(operation, job)
        move = call(MOVE, {**MOVED, "max_wait_seconds": 0})
        self.line.send(move, session=self.session)
        self.answer(asked, YES)
        self.assertEqual(self.code(received), BUSY)
        self.assertEqual(self.instantly.calls("deleteLeadList"), [])


class SilenceTurnTests(SessionCase, ApprovalCase):
    """Where sending is confirmed, and silence leads to an approval."""

    policy = ConfirmCase.policy
    fallback = "approve"
    guard = ApprovalCase.guard

    def test_changed_during_silence(self) -> None:
        """An approval from before does not count for what changed while asking."""
        received, _ = self.ask()
        self.clock.advance(45)
        self.assertEqual(self.code(received), "approval_pending")
        (one,) = self.successResultOf(self.approvals.pending())
        self.decide(one.id)
        received = self.line.send(call("reply_to_email", REPLY), session=self.session)
        other = {**MAIL, "from_address_email": "other@theirs.example"}
        self.instantly.answers("getEmail", other)
        self.clock.advance(45)
        self.assertEqual(self.code(received), "approval_pending")
        self.assertEqual(self.sent(), 0)
