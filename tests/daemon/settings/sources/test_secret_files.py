"""Keys and secrets in files and variables."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import Secret
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.settings.sources.secret_files import (
    as_secret,
    exposures,
    read_secret,
)


class SecretTests(SynchronousTestCase):
    def test_refused(self) -> None:
        """A key that a caller could not send is refused, in a line without the key."""
        for value in (
            "",
            "short",
            "with a space",
            "tab\there12345",
            "two-lines-1\ntwo-lines-2",
            "\u043a\u043b\u044e\u0447-\u043a\u043b\u044e\u0447-\u043a\u043b",
        ):
            refused = self.assertRaises(
                ConfigurationError, as_secret, value, "SOME_VARIABLE"
            )
            (line,) = refused.lines
            self.assertTrue(line.startswith("IMCP-KEY SOME_VARIABLE holds "), line)
            if value:
                self.assertNotIn(value, line)

    def test_taken(self) -> None:
        """Ten visible characters are enough; a newline at the end is ignored."""
        for value in ("0123456789", " 0123456789\n"):
            self.assertEqual(as_secret(value, "here"), Secret("0123456789"))


class FileTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Have a file with a key."""
        self.path = Path(self.mktemp())
        self.path.write_text("0123456789abcdef\n", encoding="ascii")
        self.path.chmod(0o600)

    def exposures(self, *, secret: bool = True) -> list[str]:
        """Return the warnings about the file."""
        return list(exposures(self.path, secret=secret))

    def test_read(self) -> None:
        """A file has one key; a missing file is a mistake."""
        self.assertEqual(read_secret(self.path), Secret("0123456789abcdef"))
        missing = Path(self.mktemp()).absolute()
        refused = self.assertRaises(ConfigurationError, read_secret, missing)
        self.assertIn("does not exist", refused.lines[0])

    def test_a_key_for_a_name(self) -> None:
        """A key given in place of a file's name is not repeated."""
        for key in ("NDNkNGYwMDA6WFla", "NDNkNGYw/MDA6+WFla=="):
            refused = self.assertRaises(ConfigurationError, read_secret, Path(key))
            (line,) = refused.lines
            self.assertIn("there is no such key file", line)
            self.assertNotIn("NDNk", line)
            self.assertNotIn("WFla", line)
        missing = self.path.with_name("missing").absolute()
        refused = self.assertRaises(ConfigurationError, read_secret, missing)
        self.assertIn(str(missing), refused.lines[0])

    def test_private(self) -> None:
        """A file of mode 0600 or 0640 is not reported."""
        for mode in (0o600, 0o640, 0o400):
            self.path.chmod(mode)
            self.assertEqual(self.exposures(), [])

    def test_open(self) -> None:
        """One that others can read or write is reported with its mode and a remedy."""
        for mode, said in ((0o644, "readable by every user"), (0o660, "writable by")):
            self.path.chmod(mode)
            (line,) = self.exposures()
            self.assertIn(said, line)
            self.assertIn(f"({mode:04o}): run chmod g-w,o= ", line)

    def test_settings_file(self) -> None:
        """A file without secrets may be read by all, but not written."""
        self.path.chmod(0o644)
        self.assertEqual(self.exposures(secret=False), [])
        self.path.chmod(0o646)
        self.assertEqual(len(self.exposures(secret=False)), 1)

    def test_link(self) -> None:
        """A symbolic link is reported, because its target can change."""
        link = Path(self.mktemp())
        os.symlink(self.path.resolve(), link)
        (line,) = exposures(link, secret=True)
        self.assertIn("symbolic link", line)
