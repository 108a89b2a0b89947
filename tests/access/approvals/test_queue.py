"""Tests for the approval queue: who asked, who decided, and what was used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from instantly_mcp._json_codec import JsonObject
from instantly_mcp._rights import Rights
from instantly_mcp.access.act import Act
from instantly_mcp.access.approvals import queue
from instantly_mcp.access.approvals.approval import ApprovalState, NotPendingError
from instantly_mcp.access.approvals.queue import FORGET_SECONDS, HISTORY_SECONDS
from instantly_mcp.access.preview import Preview
from instantly_mcp.catalog.index import OPERATIONS
from instantly_mcp.catalog.operation import Risk
from instantly_mcp.state.database import MemoryDatabase
from instantly_mcp.state.interfaces import IDatabase, T

from .queue import ACT, OTHER_PREVIEW, PREVIEW, Queue, act

MINUTE = 60.0
TOKEN = Rights(token="t1", token_name="Ada's laptop")


@implementer(IDatabase)
class CountedDatabase:
    """Counts its transactions."""

    def __init__(self) -> None:
        self.transactions = 0
        self._below = MemoryDatabase()
        self.start = self._below.start
        self.close = self._below.close

    def run(self, interaction: Callable[..., T], *args: Any) -> Deferred[T]:
        """Count a transaction, and run it."""
        self.transactions += 1
        return self._below.run(interaction, *args)


class QueueTestCase(SynchronousTestCase):
    """A queue for each test."""

    def setUp(self) -> None:
        """Make a queue."""
        self.queue = Queue()
        self.addCleanup(self.queue.database.close)

    def assert_state(self, id: str, state: ApprovalState) -> None:
        """Check where a request stands."""
        self.assertIs(self.queue.get(id).state, state)


class AskingTests(QueueTestCase):
    """A write without an approval asks for one, and nothing is sent."""

    def test_pending(self) -> None:
        """The refusal says where a person can decide, and until when."""
        refused = self.queue.refused()
        id = refused.facts["approval"]
        self.assertEqual(refused.code, "approval_pending")
        self.assertEqual(
            refused.facts,
            {
                "approval": id,
                "approval_page": f"http://localhost:3100/approvals/{id}",
                "approval_command": f"instantly-mcp approvals show {id}",
                "expires_at": "2027-01-15T08:15:00Z",
            },
        )
        self.assertIn(f"http://localhost:3100/approvals/{id}", refused.hint)

    def test_what_is_shown(self) -> None:
        """The request holds who asks, with what, and what is to be shown."""
        approval = self.queue.get(self.queue.asked(act(rights=TOKEN)))
        self.assertEqual(approval.preview, PREVIEW)
        self.assertEqual(approval.token_name, "Ada's laptop")
        self.assertEqual(
            (approval.client, approval.workspace, approval.tool),
            ("Claude Code", "Acme", "reply_to_email"),
        )
        self.assertEqual((approval.targets, approval.risks), (("email-1",), ("sends",)))

    def test_again(self) -> None:
        """Asking again is the same request, with the same time to decide."""
        first = self.queue.refused()
        self.queue.pass_time(14 * MINUTE)
        self.assertEqual(self.queue.refused().facts, first.facts)
        self.assertEqual(len(self.queue.pending()), 1)

    def test_at_once(self) -> None:
        """Two equal calls at the same time are one request."""
        approvals = self.queue.approvals
        refusals = [approvals.obtain(ACT, PREVIEW) for _ in range(2)]
        ids = {self.failureResultOf(each).value.facts["approval"] for each in refusals}
        self.assertEqual(len(ids), 1)

    def test_too_many(self) -> None:
        """Twenty requests of one principal wait at most; others are not affected."""
        for number in range(20):
            self.queue.asked(act(arguments_digest=f"{number}"))
        self.assertEqual(self.queue.refused().code, "cap_reached")
        self.assertEqual(self.queue.refused(act("another")).code, "approval_pending")
        self.queue.pass_time(15 * MINUTE)
        self.assertEqual(self.queue.refused().code, "approval_pending")

    def test_too_many_costs_little(self) -> None:
        """A caller that has too many is refused after one sweep, not after several."""
        database = CountedDatabase()
        self.addCleanup(database.close)
        queue = Queue(database)
        for number in range(20):
            queue.asked(act(arguments_digest=f"{number}"))
        queue.sweep()
        database.transactions = 0
        self.assertEqual(queue.refused().code, "cap_reached")
        self.assertLessEqual(database.transactions, 5)


class BindingTests(QueueTestCase):
    """An approval is for exactly one call."""

    def others(self) -> Sequence[tuple[str, Act, Preview]]:
        """Return calls that differ in one thing."""
        another = next(each for each in OPERATIONS if each.id != ACT.operation.id)
        return (
            ("principal", act("another"), PREVIEW),
            ("token", act(rights=TOKEN), PREVIEW),
            ("workspace", act(workspace_key="2"), PREVIEW),
            ("tool", act(tool="forward_email"), PREVIEW),
            ("arguments", act(arguments_digest="2"), PREVIEW),
            ("operation", act(operation=another), PREVIEW),
            ("risks", act(risks=frozenset({Risk.SENDS, Risk.REDIRECTS})), PREVIEW),
            ("preview", ACT, OTHER_PREVIEW),
        )

    def test_each(self) -> None:
        """A call that differs in anything is another request."""
        for what, other, preview in self.others():
            queue = Queue()
            approved = queue.asked()
            queue.decide(approved)
            refused = queue.refused(other, preview)
            self.assertEqual(refused.code, "approval_pending", what)
            self.assertNotEqual(refused.facts["approval"], approved, what)

    def test_same_call(self) -> None:
        """Another act of the same call is the same request."""
        self.queue.decide(self.queue.asked())
        consent = self.queue.obtain(act(id="act-2", client="another program"))
        self.assertEqual((consent.how, consent.by), ("approval", "Bo"))
        self.assertEqual(consent.preview_digest, PREVIEW.digest)

    def test_changed_after_approval(self) -> None:
        """After a change of what was shown, the approval of before never counts."""
        first = self.queue.asked()
        self.queue.decide(first)
        self.queue.asked(preview=OTHER_PREVIEW)
        self.assert_state(first, ApprovalState.REPLACED)
        self.assertEqual(self.queue.refused().code, "approval_pending")
        self.assertEqual(len(self.queue.pending()), 1)

    def test_new_policy(self) -> None:
        """A change of the policy ends open requests."""
        waits, ready = self.queue.asked(), self.queue.asked(act("another"))
        self.queue.decide(ready)
        self.queue.restart(policy="policy-2")
        self.assertEqual(self.queue.pending(), [])
        for id in (waits, ready):
            self.assert_state(id, ApprovalState.WITHDRAWN)
        with self.assertRaises(NotPendingError):
            self.queue.decide(waits)

    def test_revoked(self) -> None:
        """The requests of a revoked token can neither be decided nor collected."""
        waits = self.queue.asked(act(rights=TOKEN))
        ready = self.queue.asked(act(rights=TOKEN, tool="another"))
        self.queue.decide(ready)
        self.queue.revoked.add("t1")
        with self.assertRaises(NotPendingError):
            self.queue.decide(waits)
        refused = self.queue.refused(act(rights=TOKEN, tool="another"))
        self.assertEqual(refused.code, "not_allowed")
        self.queue.sweep()
        self.queue.revoked.clear()
        for id in (waits, ready):
            self.assert_state(id, ApprovalState.WITHDRAWN)


class DecisionTests(QueueTestCase):
    """What an approver decides counts once."""

    def test_used_once(self) -> None:
        """An approval serves one call; the next one asks again."""
        first = self.queue.asked()
        self.queue.decide(first)
        self.queue.obtain()
        self.assert_state(first, ApprovalState.USED)
        self.assertNotEqual(self.queue.asked(), first)

    def test_used_at_once(self) -> None:
        """Of two calls at the same time, one gets the approval."""
        self.queue.decide(self.queue.asked())
        approvals = self.queue.approvals
        one, other = (approvals.obtain(ACT, PREVIEW) for _ in range(2))
        self.assertEqual(self.successResultOf(one).by, "Bo")
        self.assertEqual(self.failureResultOf(other).value.code, "approval_pending")

    def test_restart(self) -> None:
        """Requests and decisions survive a restart; so does that one was used."""
        id = self.queue.asked()
        self.queue.restart()
        self.queue.decide(id)
        self.queue.restart()
        self.assertEqual(self.queue.obtain().by, "Bo")
        self.queue.restart()
        self.assertNotEqual(self.queue.asked(), id)

    def test_denied(self) -> None:
        """A denial refuses the same call for five minutes; then it can be asked."""
        id = self.queue.asked()
        self.queue.decide(id, approve=False)
        for preview in (PREVIEW, OTHER_PREVIEW):
            refused = self.queue.refused(preview=preview)
            self.assertEqual(refused.code, "approval_denied")
            self.assertEqual(refused.facts["approval"], id)
            self.assertIn("Bo", refused.message)
        self.assertEqual(self.queue.refused(act("another")).code, "approval_pending")
        self.queue.pass_time(5 * MINUTE)
        self.assertNotEqual(self.queue.asked(), id)

    def test_decided_twice(self) -> None:
        """The first decision stays, whatever comes after it."""
        for first in (True, False):
            for second in (True, False):
                queue = Queue()
                id = queue.asked()
                queue.decide(id, first, by="Bo")
                with self.assertRaises(NotPendingError) as caught:
                    queue.decide(id, second, by="Eve")
                self.assertEqual(caught.exception.approval, queue.get(id))
                self.assertEqual(queue.get(id).by, "Bo")

    def test_unknown(self) -> None:
        """There is nothing to decide about an unknown id."""
        with self.assertRaises(NotPendingError) as caught:
            self.queue.decide("unknown")
        self.assertIsNone(caught.exception.approval)

    def test_lists(self) -> None:
        """The pending ones are listed oldest first, the others newest first."""
        ids = [self.queue.asked(act(f"{number}")) for number in range(4)]
        self.queue.decide(ids[1])
        self.queue.decide(ids[0], approve=False)
        self.assertEqual(self.queue.pending(), ids[2:])
        decided = self.successResultOf(self.queue.approvals.decided(5))
        self.assertEqual([each.id for each in decided], [ids[1], ids[0]])
        (latest,) = self.successResultOf(self.queue.approvals.decided(1))
        self.assertEqual(latest.id, ids[1])

    def test_forgotten(self) -> None:
        """What was closed a month ago is removed, with its preview."""
        id = self.queue.asked()
        self.queue.decide(id, approve=False)
        self.queue.pass_time(HISTORY_SECONDS)
        self.queue.sweep()
        self.assertIsNotNone(self.queue.get(id))
        self.queue.pass_time(FORGET_SECONDS)
        self.queue.sweep()
        self.assertIsNone(self.queue.get(id))

    def test_forgotten_when_too_many(self) -> None:
        """Closed requests are removed earlier if all together become too large."""
        self.patch(queue, "HISTORY_BYTES", 1)
        replaced, waiting = self.queue.asked(), self.queue.asked(preview=OTHER_PREVIEW)
        self.queue.pass_time(FORGET_SECONDS)
        self.queue.sweep()
        self.assertIsNone(self.queue.get(replaced))
        self.assertEqual(self.queue.pending(), [waiting])

    def expire(self, id: str) -> None:
        """Let the time of a request pass."""
        self.queue.pass_time(15 * MINUTE)
        self.queue.sweep()

    def test_notified(self) -> None:
        """A task that waits is notified of the decision, and of the end."""
        for end in (
            self.queue.decide,
            lambda id: self.queue.decide(id, approve=False),
            self.expire,
        ):
            id = self.queue.asked(act(principal=repr(end)))
            waits, left = (self.queue.approvals.when_changed(id) for _ in range(2))
            left.addErrback(lambda _: None).cancel()
            self.assertNoResult(waits)
            end(id)
            self.successResultOf(waits)


class TimeTests(QueueTestCase):
    """Time closes requests, and no clock opens them again."""

    def test_silence(self) -> None:
        """A request that no person decided within 15 minutes is denied."""
        id = self.queue.asked()
        self.queue.pass_time(15 * MINUTE - 1)
        self.assertEqual(self.queue.refused().code, "approval_pending")
        self.queue.pass_time(1)
        with self.assertRaises(NotPendingError):
            self.queue.decide(id)
        refused = self.queue.refused()
        self.assertEqual(refused.code, "approval_denied")
        self.assertIn("in time", refused.message)
        self.queue.pass_time(5 * MINUTE)
        self.assertNotEqual(self.queue.asked(), id)

    def test_not_collected(self) -> None:
        """An approval that was not used within 5 minutes needs another decision."""
        id = self.queue.asked()
        self.queue.decide(id)
        self.queue.pass_time(5 * MINUTE)
        self.assertNotEqual(self.queue.asked(), id)
        self.assert_state(id, ApprovalState.LAPSED)

    def test_set_back(self) -> None:
        """A clock that is set back gives no request more time."""
        id = self.queue.asked()
        self.queue.decide(id)
        self.queue.wall -= 30
        self.queue.clock.advance(5 * MINUTE)
        self.assertNotEqual(self.queue.asked(), id)
        self.assert_state(id, ApprovalState.LAPSED)

    def test_set_back_while_stopped(self) -> None:
        """A request from the future is closed at the next start."""
        id = self.queue.asked()
        self.queue.decide(id)
        self.queue.wall -= 2 * MINUTE
        self.queue.restart()
        self.assert_state(id, ApprovalState.LAPSED)

    def test_set_forward_and_back(self) -> None:
        """What one look closed stays closed."""
        id = self.queue.asked()
        self.queue.decide(id)
        self.queue.wall += 3600
        self.queue.sweep()
        self.queue.wall -= 3600
        self.queue.restart()
        self.assert_state(id, ApprovalState.LAPSED)

    def test_denial_and_clock(self) -> None:
        """After the clock is set back by hours, a denial does not last for hours."""
        self.queue.decide(self.queue.asked(), approve=False)
        self.queue.wall -= 3600
        self.assertEqual(self.queue.refused().code, "approval_pending")


class AuditLineTests(QueueTestCase):
    """What the audit keeps of a question and of a decision."""

    def test_lines(self) -> None:
        """The question and the decision are lines, with who decided and where."""
        lines: list[JsonObject] = []
        self.queue.approvals.note = lines.append
        id = self.queue.asked()
        self.queue.decide(id, approve=False, by="Bo")
        self.assertEqual([line["outcome"] for line in lines], ["pending", "denied"])
        for line in lines:
            self.assertEqual(line["approval"], id)
            self.assertEqual(line["preview"], PREVIEW.digest)
            self.assertNotIn(PREVIEW.title, str(line))
        self.assertNotIn("by", lines[0])
        self.assertEqual((lines[1]["by"], lines[1]["consent"]), ("Bo", "page"))
