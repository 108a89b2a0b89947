"""What must finish before the daemon stops."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.api.interfaces import IDetached
from instantly_mcp.daemon.process.in_flight import InFlight
from instantly_mcp.protocol.interfaces import ITracker


def pending() -> Deferred[object]:
    """Return work that has not ended."""
    return Deferred()


class InFlightTests(SynchronousTestCase):
    """Work that was tracked holds the drain until it ends."""

    def test_held(self):
        """A hold is waited for but not counted."""
        subject = InFlight()
        work: Deferred[object] = Deferred()
        subject.hold(work)
        self.assertEqual(subject.count, 0)
        waiting = subject.when_empty()
        self.assertNoResult(waiting)
        work.callback(None)
        self.successResultOf(waiting)
        self.assertTrue(subject.is_empty)

    def test_interface(self):
        """It provides the interfaces of the protocol and the client."""
        self.assertTrue(verifyObject(ITracker, InFlight()))
        self.assertTrue(verifyObject(IDetached, InFlight()))

    def test_empty(self):
        """With nothing in flight, the drain ends at once."""
        self.successResultOf(InFlight().when_empty())

    def test_waits_for_all(self):
        """The drain ends with the last piece of work, not with the first."""
        tracker, first, second = InFlight(), pending(), pending()
        tracker.track(first)
        tracker.track(second)
        waiting = tracker.when_empty()
        first.callback(None)
        self.assertNoResult(waiting)
        self.assertEqual(tracker.count, 1)
        second.callback(None)
        self.successResultOf(waiting)

    def test_every_waiter_has_its_own(self):
        """Each waiter gets its own Deferred."""
        tracker, work = InFlight(), pending()
        tracker.track(work)
        one, two = tracker.when_empty(), tracker.when_empty()
        work.callback(None)
        self.successResultOf(one)
        self.successResultOf(two)

    def test_result_passes_through(self):
        """The result or failure of tracked work reaches its caller."""
        tracker, good, bad = InFlight(), pending(), pending()
        tracker.track(good)
        tracker.track(bad)
        good.callback("value")
        bad.errback(RuntimeError("told"))
        self.assertEqual(self.successResultOf(good), "value")
        self.failureResultOf(bad, RuntimeError)
        self.assertEqual(tracker.count, 0)

    def test_cancelled_waiter(self):
        """A cancelled waiter does not affect the others."""
        tracker, work = InFlight(), pending()
        tracker.track(work)
        one, two = tracker.when_empty(), tracker.when_empty()
        one.cancel()
        one.addErrback(lambda _: None)
        work.callback(None)
        self.successResultOf(two)

    def test_work_that_is_done(self):
        """Work that ended before it was tracked is not waited for."""
        tracker, work = InFlight(), pending()
        work.callback(None)
        tracker.track(work)
        self.assertEqual(tracker.count, 0)
