"""The check of the audit file, without a start of the daemon."""

from __future__ import annotations

import errno
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.audit.file import AuditFile
from instantly_mcp.daemon.self_check.audit import check_audit
from instantly_mcp.daemon.self_check.findings import Findings
from instantly_mcp.daemon.settings.loading import resolve


class AuditCheckTests(SynchronousTestCase):
    """What keeps a daemon from writing audit lines."""

    def setUp(self) -> None:
        """Make a state directory."""
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir()

    def errors(self, **given: str) -> list[str]:
        """Return the errors for these settings."""
        findings = Findings()
        settings = {"state_dir": str(self.directory), **given}
        check_audit(resolve(settings, {}), findings)
        return list(findings.errors)

    def test_not_visible(self) -> None:
        """A directory of another user is an error, and not a traceback."""

        def denied(path, **_):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

        self.patch(Path, "exists", denied)
        (error,) = self.errors()
        self.assertIn("cannot be used: Permission denied", error)

    def test_fine(self) -> None:
        """A new file can be written, and so can one with its key; nothing is left."""
        self.assertEqual(self.errors(), [])
        self.assertEqual(list(self.directory.iterdir()), [])
        file = AuditFile(self.directory / "audit.jsonl", self.directory)
        self.addCleanup(file.close)
        file.start()
        file.append([{"kind": "x"}], "2026")
        before = file.path.read_bytes()
        self.assertEqual(self.errors(), [])
        self.assertEqual(file.path.read_bytes(), before)

    def test_problems(self) -> None:
        """A missing folder, a folder, a key for others and a lost key are named."""
        (missing,) = self.errors(audit_file=str(self.directory / "x" / "audit.jsonl"))
        self.assertIn("there is no folder", missing)
        (folder,) = self.errors(audit_file=str(self.directory))
        self.assertIn("not a regular file", folder)
        (self.directory / "audit.jsonl").write_bytes(b"{}")
        (lost,) = self.errors()
        self.assertIn("its key is missing", lost)
        (self.directory / "audit.key").write_bytes(b"00" * 32)
        (self.directory / "audit.key").chmod(0o644)
        (shared,) = self.errors()
        self.assertIn("chmod 600", shared)
