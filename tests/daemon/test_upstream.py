"""The connection to the upstream, and the sandbox's time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.process.in_flight import InFlight
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.upstream import (
    connect_upstream,
    make_sandbox,
    start_of_simulation,
)
from instantly_mcp.sandbox.workspaces import Sandbox

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


class ScenarioTests(SynchronousTestCase):
    """The scenario that a setting names."""

    def scenario(self, text: str | None, **given: str) -> Sandbox:
        """Make a sandbox with a scenario of this text."""
        path = Path(self.mktemp())
        if text is not None:
            path.write_text(text)
        named = {"sandbox": "true", "sandbox_scenario": str(path), **given}
        return make_sandbox(resolve(named, {}), Clock(), lambda: LATE)

    def test_applied(self) -> None:
        """Seed, start, faults and content are those of the file."""
        sandbox = self.scenario(
            "seed = 7\nstart = 2026-11-02T14:00:00Z\nhostile_content = true\n"
            "[[workspaces.sandbox-a.faults]]\nkind = 'cut'\n"
        )
        self.assertEqual(sandbox.seed, 7)
        self.assertEqual(sandbox.start, datetime(2026, 11, 2, 14, tzinfo=UTC))
        self.assertTrue(sandbox.workspace("sandbox").world.attack)
        self.assertEqual(len(sandbox.workspace("sandbox-a").faults.as_json()), 1)
        self.assertEqual(sandbox.workspace("sandbox").faults.as_json(), [])

    def test_settings_win(self) -> None:
        """A setting that is given is used in place of what the file says."""
        given = {"sandbox_seed": "8", "sandbox_start": "2026-11-03"}
        sandbox = self.scenario("seed = 7\nstart = 2026-11-02\n", **given)
        self.assertEqual((sandbox.seed, sandbox.start.day), (8, 3))

    def test_mistakes(self) -> None:
        """Each mistake is a line with the name of the file and the line in it."""
        text = "seed = 1\nsede = 2\n\n[[faults]]\nkind = 'x'\n"
        error = self.assertRaises(ConfigurationError, self.scenario, text)
        first, second = error.lines
        self.assertTrue(first.startswith("IMCP-SCENARIO "), first)
        self.assertIn(", line 2: unknown key sede", first)
        self.assertIn(", line 5: kind must be one of", second)
        error = self.assertRaises(ConfigurationError, self.scenario, None)
        self.assertIn("cannot be read: No such file", error.lines[0])


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
