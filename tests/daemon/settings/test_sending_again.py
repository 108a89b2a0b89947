"""The setting that is read again while the daemon runs."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.settings.sending_again import read_sending


class ReadSendingTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Write a TOML file without the setting."""
        self.path = Path(self.mktemp())
        self.path.write_text("rate_limit = 50\n")

    def test_file(self) -> None:
        """The TOML file counts as it is now, also when it did not have the setting."""
        settings = resolve({"config": str(self.path)}, {})
        for text, off in (
            ('sending = "off"', True),
            ('sending = "on"', False),
            ("", False),
        ):
            self.path.write_text(f"{text}\n[policy]\nsends = 'deny'\n")
            self.assertEqual(read_sending(settings), off, text)

    def test_option(self) -> None:
        """An option or a variable takes precedence, as at the start."""
        self.path.write_text('sending = "off"\n')
        config = {"config": str(self.path)}
        variable = {"INSTANTLY_MCP_SENDING": "on"}
        self.assertFalse(read_sending(resolve({**config, "sending": "on"}, {})))
        self.assertFalse(read_sending(resolve(config, variable)))
        self.assertTrue(read_sending(resolve({"sending": "off"}, {})))

    def test_mistakes(self) -> None:
        """A file that cannot be read, or a value that is not one, is an error."""
        settings = resolve({"config": str(self.path)}, {})
        for text in ('sending = "of"', "sending = ", "sending = true"):
            self.path.write_text(text)
            self.assertRaises(ConfigurationError, read_sending, settings)
        self.path.unlink()
        self.assertRaises(ConfigurationError, read_sending, settings)
