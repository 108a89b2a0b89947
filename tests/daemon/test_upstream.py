"""The connection to the upstream, and the sandbox's time."""

from __future__ import annotations

from datetime import UTC, datetime

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.process.in_flight import InFlight
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.upstream import connect_upstream, start_of_simulation

LATE = datetime(2026, 11, 22, 23, 59, tzinfo=UTC).timestamp()


class SandboxStartTests(SynchronousTestCase):
    """The moment at which a simulated workspace begins."""

    def test_a_chosen_day(self) -> None:
        """It begins at the chosen moment."""
        morning = start_of_simulation(
            datetime(2026, 11, 2, 14, tzinfo=UTC), lambda: LATE
        )
        self.assertEqual(morning, datetime(2026, 11, 2, 14, tzinfo=UTC))

    def test_today(self) -> None:
        """Without a moment it begins on the morning of the present one."""
        morning = start_of_simulation(None, lambda: LATE)
        self.assertEqual(morning, datetime(2026, 11, 22, 9, tzinfo=UTC))


class UpstreamClockTests(SynchronousTestCase):
    """The present time according to the upstream."""

    def after_an_hour(self, **environ: str) -> float:
        """Return the upstream's time after an hour has passed."""
        clock = Clock()
        upstream = connect_upstream(
            resolve({}, environ), clock, InFlight(), lambda: LATE
        )
        now = upstream.wall(clock, lambda: LATE)
        clock.advance(3600)
        return now()

    def test_sandbox(self) -> None:
        """A sandbox has a time of its own, which passes with the clock."""
        shown = self.after_an_hour(
            INSTANTLY_MCP_SANDBOX="1", INSTANTLY_MCP_SANDBOX_START="2026-11-02"
        )
        ten = datetime(2026, 11, 2, 10, tzinfo=UTC).timestamp()
        self.assertEqual(shown, ten)
