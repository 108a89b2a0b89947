"""The caller of a detached daemon learns how its start ended."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.startup.process_end import ProcessEnd
from instantly_mcp.daemon.startup.start_report import StartReport


class StartReportTests(SynchronousTestCase):
    """Both ends of the pipe, in real processes."""

    def outcome(
        self, daemon: Callable[[StartReport], object]
    ) -> tuple[int | None, str]:
        """Return the status and the text of a first process that forks a daemon."""
        out = StringIO()
        left: list[int] = []
        self.pid_file = Path(self.mktemp())
        self.pid_file.write_bytes(b"1")
        report = StartReport(out, "/var/log/x.log", self.pid_file, left.append)
        pid = os.fork()
        if pid == 0:
            try:
                daemon(report)
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        os.close(report._reader)
        return (left[0] if left else None), out.getvalue()

    def test_listens(self):
        """Once the daemon listens the first process goes on."""
        self.assertEqual(self.outcome(lambda report: report.publish([])), (None, ""))
        self.assertTrue(self.pid_file.exists())

    def test_mistakes(self):
        """Mistakes are shown in full, one line each, and the status is 78."""
        long = "IMCP-BIND é " + "x" * 500
        status, text = self.outcome(
            lambda report: report.report_failure([long, "IMCP-LOG y"])
        )
        self.assertEqual(status, 78)
        self.assertFalse(self.pid_file.exists())
        self.assertEqual(text, f"instantly-mcp: {long}\ninstantly-mcp: IMCP-LOG y\n")

    def test_ends_in_silence(self):
        """A daemon that ended silently has failed, and its log is named."""
        status, text = self.outcome(lambda report: None)
        self.assertEqual(status, 1)
        self.assertFalse(self.pid_file.exists())
        self.assertIn("/var/log/x.log", text)

    def test_later_forks(self):
        """Forks of the daemon itself wait for nothing."""

        def daemon(report: StartReport) -> None:
            os.waitpid(os.fork() or os._exit(0), 0)
            report.publish([])

        self.assertEqual(self.outcome(daemon), (None, ""))


class ProcessEndTests(SynchronousTestCase):
    """A pid file is removed by the process that it names."""

    def test_pid_file(self):
        """The daemon's own pid file is removed; any other file stays."""
        path = Path(self.mktemp())
        for text, stays in ((str(os.getpid()), False), ("1", True), ("x", True)):
            path.write_text(text, encoding="ascii")
            ProcessEnd(path)()
            self.assertEqual(path.exists(), stays)

    def test_no_pid_file(self):
        """Without one, or when twistd was quicker, nothing happens."""
        ProcessEnd()()
        ProcessEnd(Path("/nowhere/pid"))()
