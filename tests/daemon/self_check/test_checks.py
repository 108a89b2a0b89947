"""Which checks run."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.self_check import checks
from instantly_mcp.daemon.self_check.checks import check_upstream
from instantly_mcp.daemon.self_check.findings import Findings
from instantly_mcp.daemon.settings.loading import resolve


class AllChecksTests(SynchronousTestCase):
    def test_long_path(self):
        """A state directory whose socket no command could reach is a warning."""
        deep = Path(self.mktemp()) / ("d" * 100)
        settings = resolve({"sandbox": "true", "state_dir": str(deep)}, {})
        self.patch(checks, "check_ports", lambda *_: succeed(None))
        findings = Findings()
        self.successResultOf(checks.run_checks(settings, Clock(), findings))
        self.assertTrue(any("IMCP-CONTROL" in line for line in findings.warnings))


class UpstreamTests(SynchronousTestCase):
    def test_sandbox(self):
        """With the sandbox there is no upstream to check."""
        findings = Findings()
        settings = resolve({"sandbox": "true"}, {})
        self.successResultOf(check_upstream(settings, Clock(), findings))
        self.assertIn("sandbox", findings.fine[0])
