"""Tests for ``instantly-mcp bundle``."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.bundle.archive import bundle
from instantly_mcp.cli.command import run_command

URL = "https://mcp.acme.example/mcp"


class BundleCommandTests(SynchronousTestCase):
    def run_with(self, *words: str) -> tuple[int, str, str]:
        """Run the command; return status, output and errors."""
        out, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            status = run_command(["bundle", *words])
        return status, out.getvalue(), errors.getvalue()

    def test_file(self):
        """It writes the bundle with the address, and says what to do with the file."""
        path = Path(self.mktemp())
        status, said, _ = self.run_with("--out", str(path), "--url", URL)
        self.assertEqual((status, path.read_bytes()), (0, bundle(URL)))
        self.assertIn("Claude Desktop", said)
        self.assertIn("asks for the access token", said)

    def test_without_address(self):
        """Without an address the extension asks for it."""
        path = Path(self.mktemp())
        _, said, _ = self.run_with("--out", str(path))
        self.assertEqual(path.read_bytes(), bundle())
        self.assertIn("server address", said)

    def test_wrong_address(self):
        """An address that is not a URL is refused, and nothing is written."""
        path = Path(self.mktemp())
        status, _, errors = self.run_with("--out", str(path), "--url", "mcp.acme")
        self.assertEqual((status, path.exists()), (64, False))
        self.assertIn("--url must be a URL", errors)

    def test_folder_does_not_exist(self):
        """A file that cannot be written is reported, not raised."""
        status, _, errors = self.run_with("--out", f"{self.mktemp()}/b.mcpb")
        self.assertEqual(status, 64)
        self.assertIn("--out: No such file or directory", errors)
