"""Work that is done again and again."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from instantly_mcp.daemon.process.periodic import Periodic
from tests.support.cases import ClockedTestCase


class PeriodicTests(ClockedTestCase):
    """It survives errors and never overtakes itself."""

    def start(self, work, seconds: float = 15.0) -> Periodic:
        """Start a service that stops with the test."""
        service = Periodic(self.clock, seconds, work, "sweep")
        service.startService()
        self.addCleanup(service.stopService)
        return service

    def test_again_and_again(self):
        """The work is done once a period, first after one period."""
        times = []
        self.start(lambda: times.append(self.clock.seconds()))
        self.clock.pump([5] * 9)
        self.assertEqual(times, [15, 30, 45])

    def test_goes_on_after_an_error(self):
        """An error is logged, and the next time comes all the same."""
        times = []

        def work():
            times.append(self.clock.seconds())
            raise RuntimeError("once")

        self.start(work)
        self.clock.pump([15] * 3)
        self.assertEqual(len(times), 3)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 3)

    def test_waits_for_slow_work(self):
        """Work is not started again before it is done."""
        begun: list[Deferred[None]] = []

        def work():
            begun.append(Deferred())
            return begun[-1]

        self.start(work)
        self.clock.pump([15] * 5)
        self.assertEqual(len(begun), 1)
        begun[0].callback(None)
        self.clock.advance(15)
        self.assertEqual(len(begun), 2)

    def test_stops(self):
        """After the stop nothing happens any more, and no timer is left."""
        times = []
        service = Periodic(self.clock, 15, lambda: times.append(1), "sweep")
        service.startService()
        service.stopService()
        self.clock.advance(60)
        self.assertEqual(times, [])

    def test_stop_cancels_slow_work(self):
        """Work that waits when the daemon stops is cancelled, silently."""
        work: Deferred[None] = Deferred()
        service = Periodic(self.clock, 15, lambda: work, "sweep")
        service.startService()
        self.clock.advance(15)
        service.stopService()
        self.assertTrue(work.called)
        self.clock.advance(60)

    def test_restart(self):
        """A service that was stopped can start again."""
        times = []
        service = Periodic(self.clock, 15, lambda: times.append(1), "sweep")
        service.startService()
        service.stopService()
        service.startService()
        self.addCleanup(service.stopService)
        self.clock.advance(15)
        self.assertEqual(times, [1])
