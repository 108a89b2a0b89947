"""Opening the audit of a daemon: what it finds, and what keeps it from starting."""

from __future__ import annotations

from pathlib import Path

from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import JsonObject, loads
from instantly_mcp.access.audit.records import intent
from instantly_mcp.daemon.audit.audit_log import AuditLog, LoggedAudit
from instantly_mcp.daemon.audit.build import Audit, open_audit
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.settings.loading import resolve
from tests.access.acts import act


class OpenAuditTests(SynchronousTestCase):
    """In a folder, elsewhere, nowhere."""

    def setUp(self):
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir()

    def opened(self, directory: Path | None, **given: str) -> Audit:
        """Open the audit of these settings."""
        path = None if directory is None else str(directory)
        return open_audit(resolve(given, {}), path, lambda: 1.8e9)

    def lines(self) -> list[JsonObject]:
        """Return the lines of the file in the directory."""
        text = (self.directory / "audit.jsonl").read_bytes()
        return list(map(loads, text.splitlines()))

    def test_start(self):
        """A start is a line, with version and mode."""
        self.opened(self.directory, sandbox="true")
        self.assertEqual([line["kind"] for line in self.lines()], ["opened", "started"])
        self.assertEqual(self.lines()[1]["mode"], "sandbox")

    def test_crash(self):
        """A write during which the process ended is ambiguous, and is in the log."""
        audit = self.opened(self.directory)
        assert isinstance(audit, AuditLog)
        self.successResultOf(audit.append(intent(act())))
        audit.file.close()
        with capturedLogs() as logged:
            self.opened(self.directory)
        self.assertEqual(self.lines()[-1]["outcome"], "ambiguous")
        self.assertEqual(self.lines()[-1]["act"], "a1")
        self.assertEqual(logged[-1]["operation"], "activateCampaign")

    def test_other_file(self):
        """The setting names another file; the key stays in the state directory."""
        other = self.directory / "elsewhere.jsonl"
        self.opened(self.directory, audit_file=str(other))
        self.assertTrue(other.exists())
        self.assertTrue((self.directory / "audit.key").exists())
        self.assertFalse((self.directory / "audit.jsonl").exists())

    def test_no_state_directory(self):
        """Without a state directory, lines go to the log, and writes are possible."""
        with capturedLogs() as logged:
            audit = self.opened(None)
            self.successResultOf(audit.append(intent(act())))
        self.assertIsInstance(audit, LoggedAudit)
        self.assertIn("IMCP-AUDIT", logged[0]["log_format"])
        self.assertEqual(loads(logged[1]["line"].encode())["act"], "a1")

    def test_refused(self):
        """A file that cannot be written, or that cannot be chained, is a mistake."""
        missing = self.directory / "missing" / "audit.jsonl"
        for directory, given in (
            (self.directory, {"audit_file": str(missing)}),
            (self.directory, {"audit_file": str(self.directory)}),
            (None, {"audit_file": str(self.directory / "audit.jsonl")}),
        ):
            with self.assertRaises(ConfigurationError) as caught:
                self.opened(directory, **given)
            self.assertIn("IMCP-AUDIT", caught.exception.lines[0])
