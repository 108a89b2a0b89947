"""The command line as a whole."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.cli.command import SUBCOMMANDS, with_default
from instantly_mcp.daemon.options import SettingOptions
from instantly_mcp.daemon.table import SETTINGS


class DefaultTests(SynchronousTestCase):
    """Without a subcommand the daemon runs."""

    def test_options_alone(self):
        """Options, or nothing at all, mean ``run``."""
        self.assertEqual(with_default([]), ["run"])
        self.assertEqual(with_default(["--sandbox"]), ["run", "--sandbox"])

    def test_subcommand(self):
        """A subcommand stays what it is, and so do questions for help."""
        for words in (["check", "--sandbox"], ["--help"], ["--version"]):
            self.assertEqual(with_default(words), words)


class SubcommandTests(SynchronousTestCase):
    """What there is."""

    def test_names(self):
        """There are five subcommands, each of which can be run."""
        names = [row[0] for row in SUBCOMMANDS]
        self.assertEqual(names, ["run", "check", "sandbox", "tools", "snippet"])
        for _, _, options, _ in SUBCOMMANDS:
            self.assertTrue(callable(options().run))


class OptionTests(SynchronousTestCase):
    """Options are made from the table of settings."""

    def test_every_setting_is_an_option(self):
        """Each setting can be given on the command line, and arrives as text."""
        for setting in SETTINGS:
            options = SettingOptions()
            words = [f"--{setting.option}"]
            if not setting.flag:
                words.append("text")
            options.parseOptions(words)
            expected = "true" if setting.flag else "text"
            self.assertEqual(
                options.given(),
                {setting.name: [expected] if setting.repeatable else expected},
            )

    def test_help_names_every_option(self):
        """The help text knows them all."""
        text = str(SettingOptions())
        for setting in SETTINGS:
            self.assertIn(f"--{setting.option}", text)
