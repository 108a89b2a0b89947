"""The queue in front of the audit file: order, groups, failures, the end."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import loads
from instantly_mcp._noop import noop
from instantly_mcp.access.interfaces import IAuditLog
from instantly_mcp.daemon.audit import audit_log
from instantly_mcp.daemon.audit.audit_log import AuditLog, LoggedAudit, noting
from instantly_mcp.daemon.audit.file import AuditFile

NOW = 1_800_000_000.25


class Threads:
    """Runs calls when the test says so, as a thread would at some time."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []

    def __call__(self, function: Any, argument: Any) -> Deferred[Any]:
        """Queue a call."""
        done: Deferred[Any] = Deferred()

        def run() -> None:
            maybeDeferred(function, argument).chainDeferred(done)

        self.calls.append(run)
        return done

    def run(self) -> None:
        """Run the calls that are queued now."""
        calls, self.calls = self.calls, []
        for call in calls:
            call()


class AuditLogTests(SynchronousTestCase):
    """Lines, and when they are durable."""

    def setUp(self):
        directory = Path(self.mktemp()).absolute()
        directory.mkdir()
        self.full = False
        self.synced = 0
        file = AuditFile(directory / "audit.jsonl", directory, self.sync)
        file.start()
        self.addCleanup(file.close)
        self.threads = Threads()
        self.audit = AuditLog(file, lambda: NOW, self.threads)

    def sync(self, _: int) -> None:
        """Fail as a full disk does."""
        self.synced += 1
        if self.full:
            raise OSError(errno.ENOSPC, "no space")

    def acts(self) -> list[str]:
        """Return kind and act of each line but the first."""
        lines = map(loads, self.audit.file.path.read_bytes().splitlines())
        return [f"{each['kind']} {each.get('act', '')}".strip() for each in lines][1:]

    def test_interface(self):
        """Both are audit logs."""
        verifyObject(IAuditLog, self.audit)
        verifyObject(IAuditLog, LoggedAudit(lambda: NOW))

    def test_fires_when_durable(self):
        """A line has its time, and its Deferred fires when it is on the disk."""
        done = self.audit.append({"kind": "intent", "act": "a"})
        self.assertNoResult(done)
        self.threads.run()
        self.successResultOf(done)
        line = loads(self.audit.file.path.read_bytes().splitlines()[1])
        self.assertEqual(line["at"], "2027-01-15T08:00:00.250Z")

    def test_groups(self):
        """Lines that come during a write are written together, in their order."""
        for act in "abc":
            self.audit.append({"kind": "intent", "act": act})
        self.assertEqual(len(self.threads.calls), 1)
        self.threads.run()
        self.threads.run()
        self.assertEqual(self.synced, 2)
        self.assertEqual(self.acts(), ["intent a", "intent b", "intent c"])

    def test_one_at_a_time(self):
        """Neither a line nor a new file begins while another call runs."""
        self.audit.append({"kind": "intent", "act": "a"})
        self.audit.reopen()
        self.audit.append({"kind": "intent", "act": "b"})
        self.assertEqual(len(self.threads.calls), 1)

    def test_full_disk(self):
        """A line that could not be written fails, and leaves no trace."""
        self.full = True
        failed = [self.audit.append({"kind": "intent", "act": a}) for a in "ab"]
        self.threads.run()
        self.threads.run()
        for each in failed:
            self.failureResultOf(each, OSError)
        self.full = False
        self.audit.append({"kind": "intent", "act": "c"})
        self.threads.run()
        self.assertEqual(self.acts(), ["intent c"])

    def test_late_outcome(self):
        """An outcome that could not be written precedes the next line that can."""
        self.audit.append({"kind": "intent", "act": "a"})
        self.threads.run()
        self.full = True
        for act in "ab":
            late = self.audit.append({"kind": "outcome", "act": act})
            self.threads.run()
            self.failureResultOf(late, OSError)
        self.full = False
        self.audit.append({"kind": "intent", "act": "c"})
        self.threads.run()
        expected = ["intent a", "outcome a", "outcome b", "intent c"]
        self.assertEqual(self.acts(), expected)
        self.assertEqual(self.audit.late, [])

    def test_late_decisions(self):
        """Decisions and commands that could not be written are written later."""
        self.full = True
        kinds = ["intent", "refused", "approval", "sending", "command", "outcome"]
        for kind in kinds:
            self.audit.append({"kind": kind}).addErrback(noop)
            self.threads.run()
        self.full = False
        self.audit.append({"kind": "intent", "act": "b"})
        self.threads.run()
        self.assertEqual(self.acts(), [*kinds[2:], "intent b"])

    def test_most_late_lines(self):
        """Of many lines that cannot be written the first ones are kept."""
        self.patch(audit_log, "MAX_LATE", 2)
        self.full = True
        for act in "abc":
            self.audit.append({"kind": "outcome", "act": act}).addErrback(noop)
            self.threads.run()
        self.assertEqual([each["act"] for each in self.audit.late], ["a", "b"])

    def test_note(self):
        """A note that cannot be written is logged, and written later."""
        self.full = True
        noting(self.audit)({"kind": "sending"})
        with capturedLogs() as logged:
            self.threads.run()
        self.assertIn("IMCP-AUDIT", logged[-1]["log_format"])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.full = False
        self.audit.append({"kind": "intent", "act": "b"})
        self.threads.run()
        self.assertEqual(self.acts(), ["sending", "intent b"])

    def test_cancelled_end(self):
        """After an end that was not waited for, no further line is written."""
        self.audit.append({"kind": "intent", "act": "a"}).addErrback(noop)
        ended = self.audit.close()
        ended.cancel()
        self.failureResultOf(ended, CancelledError)
        late = self.audit.append({"kind": "outcome", "act": "a"})
        self.threads.run()
        self.threads.run()
        self.failureResultOf(late, OSError)
        self.assertFalse(self.audit.file.path.read_bytes())

    def test_cancelled(self):
        """A caller that leaves does not disturb the line nor those after it."""
        left = self.audit.append({"kind": "intent", "act": "a"})
        left.cancel()
        self.failureResultOf(left, CancelledError)
        other = self.audit.append({"kind": "intent", "act": "b"})
        self.threads.run()
        self.threads.run()
        self.successResultOf(other)
        self.assertEqual(self.acts(), ["intent a", "intent b"])

    def test_rotation(self):
        """A new file begins at once when the old one was renamed."""
        self.audit.append({"kind": "intent", "act": "a"})
        self.threads.run()
        path = self.audit.file.path
        os.rename(path, f"{path}.1")
        self.audit.reopen()
        self.threads.run()
        self.assertEqual(loads(path.read_bytes())["kind"], "opened")

    def test_end(self):
        """The end waits for the lines, and logs the head for `audit verify`."""
        self.audit.append({"kind": "intent", "act": "a"})
        ended = self.audit.close()
        self.threads.run()
        self.assertNoResult(ended)
        with capturedLogs() as logged:
            self.threads.run()
        self.successResultOf(ended)
        self.assertEqual(self.acts(), ["intent a", "stopped"])
        self.assertEqual(logged[-1]["mac"], self.audit.file.head.mac)
