"""Which checks run."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.self_check.checks import check_upstream
from instantly_mcp.daemon.self_check.findings import Findings
from instantly_mcp.daemon.settings.loading import resolve


class UpstreamTests(SynchronousTestCase):
    def test_sandbox(self):
        """With the sandbox there is no upstream to check."""
        findings = Findings()
        settings = resolve({"sandbox": "true"}, {})
        self.successResultOf(check_upstream(settings, Clock(), findings))
        self.assertIn("sandbox", findings.fine[0])
