"""The reactor's clock does not follow the wall clock."""

from __future__ import annotations

import time

from twisted.internet.selectreactor import SelectReactor
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.process.monotonic import use_monotonic_time


class MonotonicTests(SynchronousTestCase):
    """Timers are set on seconds that only go forward."""

    def test_timers(self):
        """A timer's moment is counted on the monotonic clock."""
        reactor = SelectReactor()
        self.addCleanup(reactor.disconnectAll)
        use_monotonic_time(reactor)
        before = time.monotonic()
        timer = reactor.callLater(100, lambda: None)
        self.addCleanup(timer.cancel)
        after = time.monotonic()
        self.assertTrue(before + 100 <= timer.getTime() <= after + 100)
