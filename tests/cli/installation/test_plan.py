"""The files of ``init``: contents and modes."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis.strategies import none, text
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.cli.installation.plan import (
    Answers,
    PlannedFile,
    shipped,
    systemd_files,
    user_files,
)

KEY, SECRET = "canary-key-0123456789", "canary-secret-0123456789"


def by_name(answers: Answers) -> dict[str, PlannedFile]:
    """Return the files of a daemon that systemd runs, by their names."""
    return {file.path.name: file for file in systemd_files(answers)}


class SystemdTests(SynchronousTestCase):
    """The files of a daemon that systemd runs."""

    def test_shipped_as_they_are(self):
        """With a key and a secret, settings and units are as the manual shows them."""
        files = by_name(Answers(key=KEY, secret=SECRET))
        for name in ("config.toml", "instantly-mcp.service", "instantly-mcp.socket"):
            self.assertEqual(files[name].text, shipped(name))

    def test_program(self):
        """The unit starts the program that the operator has."""
        unit = by_name(Answers(program="/srv/env/bin/instantly-mcp"))[
            "instantly-mcp.service"
        ]
        self.assertIn("ExecStart=/srv/env/bin/instantly-mcp run --config", unit.text)

    def test_modes(self):
        """Keys and settings are for root and the daemon's group, units for all."""
        for file in systemd_files(Answers(key=KEY, secret=SECRET)):
            private = file.path.parent == Path("/etc/instantly-mcp")
            self.assertEqual(file.mode, 0o640 if private else 0o644, file.path)
            self.assertEqual(file.is_secret, KEY in file.text or SECRET in file.text)

    def test_what_is_not_used(self):
        """Without key and secret the settings name no files of them."""
        files = by_name(Answers(tokens_only=True, public_url="https://mcp.example.com"))
        self.assertNotIn("api-key", files)
        self.assertNotIn("server-secret", files)
        settings = tomllib.loads(files["config.toml"].text)
        self.assertEqual(settings["tokens_only"], True)
        self.assertEqual(settings["public_url"], "https://mcp.example.com")
        self.assertNotIn("api_key_file", settings)
        self.assertNotIn("server_secret_file", settings)

    def test_not_shown(self):
        """No representation contains a key."""
        answers = Answers(key=KEY, secret=SECRET)
        shown = repr(answers) + repr(systemd_files(answers))
        self.assertNotIn("canary", shown)


class UserTests(SynchronousTestCase):
    """The files of a daemon that a user starts."""

    @given(none() | text(min_size=1, max_size=20))
    def test_any_folder(self, name: str | None):
        """The settings are valid TOML, whatever the name of the folder."""
        folder = Path("/home") / (name or "sam").replace("/", "").replace("\0", "_")
        if "\n" in str(folder) or not str(folder).isprintable():
            return
        config, key = user_files(folder, Answers(key=KEY))
        settings = tomllib.loads(config.text)
        self.assertEqual(settings["api_key_file"], str(folder / "api-key"))
        self.assertEqual((config.mode, key.mode), (0o600, 0o600))
        self.assertNotIn("server_secret_file", settings)
