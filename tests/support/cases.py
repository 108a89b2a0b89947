"""Base classes: what every test case of the suite checks at its end."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase


class ClockedTestCase(SynchronousTestCase):
    """A synchronous test with a driven clock that must have nothing left to do."""

    def setUp(self) -> None:
        """Give the test a clock, and check at its end that no timer is left."""
        if "clock" not in vars(self):
            # Only the first time, so that it is the last that is cleaned up.
            self.addCleanup(self._forget)
        self.clock = Clock()
        self.addCleanup(self._assert_no_timer_left)

    def after_a_minute(self, running: Deferred[Any]) -> Deferred[Any]:
        """Advance the clock until something has ended, by a minute at most."""
        for _ in range(60):
            if running.called:
                break
            self.clock.advance(1)
        return running

    def _assert_no_timer_left(self) -> None:
        self.assertEqual(self.clock.getDelayedCalls(), [], "a timer was left behind")

    def _forget(self) -> None:
        """Release what the test created: trial keeps the case until the suite ends."""
        for name in [name for name in vars(self) if not name.startswith("_")]:
            delattr(self, name)
