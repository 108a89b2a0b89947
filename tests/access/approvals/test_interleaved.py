"""Calls and decisions that meet between two transactions of the database."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.access.approvals.approval import ApprovalState, NotPendingError
from instantly_mcp.access.preview import Preview
from instantly_mcp.state.database import MemoryDatabase
from instantly_mcp.state.interfaces import IDatabase

from .queue import ACT, PREVIEW, Queue


@implementer(IDatabase)
@define(eq=False)
class WaitingDatabase:
    """A database whose transactions wait for the test, as those of a thread do."""

    waits: bool = False
    below: MemoryDatabase = field(factory=MemoryDatabase)
    _queued: deque[tuple[Deferred[Any], Callable[..., Any], tuple[Any, ...]]] = field(
        factory=deque
    )

    def run(self, interaction: Callable[..., Any], *args: Any) -> Deferred[Any]:
        """Queue a transaction, or run it at once."""
        if not self.waits:
            return self.below.run(interaction, *args)
        result: Deferred[Any] = Deferred()
        self._queued.append((result, interaction, args))
        return result

    def step(self) -> None:
        """Run the transaction that waits for longest."""
        result, interaction, args = self._queued.popleft()
        self.below.run(interaction, *args).chainDeferred(result)

    def finish(self) -> None:
        """Run all transactions, also those that follow from others."""
        while self._queued:
            self.step()

    def start(self, reactor: Any) -> Deferred[None]:
        """Do nothing."""
        return self.below.start(reactor)

    def close(self) -> Deferred[None]:
        """Close it."""
        return self.below.close()


class InterleavedTests(SynchronousTestCase):
    """Two at once: both have read before either writes."""

    def setUp(self) -> None:
        """Make a queue whose database waits from `meet` on."""
        self.database = WaitingDatabase()
        self.addCleanup(self.database.close)
        self.queue = Queue(database=self.database)
        self.noted: list[JsonObject] = []

    def meet(self) -> None:
        """Let transactions wait from now on."""
        self.database.waits = True

    def finish(self) -> None:
        """Run everything that waits."""
        self.database.finish()
        self.database.waits = False

    def test_two_requests(self) -> None:
        """Two equal calls make one request."""
        self.meet()
        calls = [self.queue.approvals.obtain(ACT, PREVIEW) for _ in range(2)]
        self.finish()
        ids = {self.failureResultOf(each).value.facts["approval"] for each in calls}
        self.assertEqual(self.queue.pending(), [*ids])

    def test_two_uses(self) -> None:
        """Two equal calls use an approval once; the other one asks again."""
        id = self.queue.asked()
        self.queue.decide(id)
        self.meet()
        one, other = (self.queue.approvals.obtain(ACT, PREVIEW) for _ in range(2))
        self.finish()
        self.assertEqual(self.successResultOf(one).by, "Bo")
        error = self.failureResultOf(other).value
        self.assertEqual(error.code, "approval_pending")
        self.assertNotEqual(error.facts["approval"], id)

    def test_two_decisions(self) -> None:
        """Of two decisions the first counts, and the second learns of it."""
        for first in (True, False):
            id = self.queue.asked()
            self.meet()
            approvals = self.queue.approvals
            one = approvals.decide(id, first, "Bo", "page")
            other = approvals.decide(id, not first, "Eve", "terminal")
            self.finish()
            self.assertEqual(self.successResultOf(one).by, "Bo")
            error = self.failureResultOf(other, NotPendingError).value
            self.assertEqual((error.approval.by, error.approval.how), ("Bo", "page"))
            state = ApprovalState.APPROVED if first else ApprovalState.DENIED
            self.assertIs(self.queue.get(id).state, state)
            self.queue.pass_time(1800)

    def test_decided_in_the_last_moment(self) -> None:
        """A decision counts, though another process finds that the time is over."""
        id = self.queue.asked()
        self.queue.pass_time(15 * 60 - 1)
        other = Queue(database=self.database, wall=self.queue.wall + 1)
        self.meet()
        deciding = self.queue.approvals.decide(id, True, "Bo", "page")
        looking = other.approvals.get(id)
        self.finish()
        self.assertEqual(self.successResultOf(deciding).by, "Bo")
        self.assertEqual(self.successResultOf(looking), self.queue.get(id))
        self.assertEqual(self.queue.obtain().by, "Bo")

    def test_changed_while_it_is_approved(self) -> None:
        """An approval is not used for another preview that arrives at the same time."""
        id = self.queue.asked()
        self.meet()
        other = self.queue.approvals.obtain(ACT, Preview(title="Send another text"))
        deciding = self.queue.approvals.decide(id, True, "Bo", "page")
        self.finish()
        self.assertEqual(self.failureResultOf(other).value.code, "approval_pending")
        self.failureResultOf(deciding, NotPendingError)
        self.assertIs(self.queue.get(id).state, ApprovalState.REPLACED)

    def test_browser_leaves_while_it_is_decided(self) -> None:
        """A decision that was stored wakes who waits, and has its audit line."""
        id = self.queue.asked()
        self.queue.approvals.note = self.noted.append
        woken = self.queue.approvals.when_changed(id)
        self.meet()
        deciding = self.queue.approvals.decide(id, True, "Bo", "page")
        self.database.step()
        deciding.cancel()
        self.failureResultOf(deciding, CancelledError)
        self.finish()
        self.assertIs(self.queue.get(id).state, ApprovalState.APPROVED)
        self.assertIsNone(self.successResultOf(woken))
        (line,) = self.noted
        self.assertEqual((line["approval"], line["by"]), (id, "Bo"))

    def test_program_leaves_while_it_asks(self) -> None:
        """A question that was stored has its audit line, and its time."""
        self.queue.approvals.note = self.noted.append
        self.meet()
        asking = self.queue.approvals.obtain(ACT, PREVIEW)
        self.database.step()
        asking.cancel()
        self.failureResultOf(asking, CancelledError)
        self.finish()
        (id,) = self.queue.pending()
        (line,) = self.noted
        self.assertEqual((line["approval"], line["outcome"]), (id, "pending"))

    def test_program_leaves_while_it_collects(self) -> None:
        """An approval that was used up wakes who waits for it."""
        id = self.queue.asked()
        self.queue.decide(id)
        woken = self.queue.approvals.when_changed(id)
        self.meet()
        collecting = self.queue.approvals.obtain(ACT, PREVIEW)
        self.database.step()
        collecting.cancel()
        self.failureResultOf(collecting, CancelledError)
        self.finish()
        self.assertIs(self.queue.get(id).state, ApprovalState.USED)
        self.assertIsNone(self.successResultOf(woken))
