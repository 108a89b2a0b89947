"""Tests of reports of bugs."""

from __future__ import annotations

from twisted.logger import Logger, capturedLogs, formatEvent
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.protocol.wire.incidents import report_bug


class ReportBugTests(SynchronousTestCase):
    def test_log_has_what_the_client_is_given(self):
        """The error has an id and no details; the log has the id and the traceback."""
        failure = Failure(ZeroDivisionError("a secret"))
        with capturedLogs() as events:
            error = report_bug(Logger(), failure, "{part} failed", status=500, part="X")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        (event,) = events
        self.assertEqual((error.code, error.status), (-32603, 500))
        self.assertNotIn("secret", str(error.as_object()))
        incident = error.data["incident"]
        self.assertEqual(formatEvent(event), f"X failed, incident {incident}")
        self.assertIs(event["log_failure"], failure)

    def test_each_has_its_own_id(self):
        """Two bugs have different ids."""
        ids = {
            report_bug(Logger(), Failure(ZeroDivisionError()), "It").data["incident"]
            for _ in range(2)
        }
        self.assertEqual(len(ids), 2)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
