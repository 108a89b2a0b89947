"""The command line as a whole."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp import __version__ as VERSION
from instantly_mcp.cli.command import SUBCOMMANDS, run_command, with_default
from instantly_mcp.cli.tools import ToolsOptions
from instantly_mcp.daemon.settings.sources.options import SettingOptions
from instantly_mcp.daemon.settings.table import SETTINGS


class InterruptedTests(SynchronousTestCase):
    """Ctrl-C, for example at the question for a secret."""

    def test_status(self):
        """It ends the command with the status that shells use, and no traceback."""

        def interrupted(options):
            raise KeyboardInterrupt

        self.patch(ToolsOptions, "run", interrupted)
        self.assertEqual(run_command(["tools"]), 130)


class DefaultTests(SynchronousTestCase):
    """The command that is implied by a command line without one."""

    def test_nothing(self):
        """``instantly-mcp`` alone prints its help, and starts no daemon."""
        self.assertEqual(with_default([]), ["--help"])

    def test_options_alone(self):
        """Options without a command are options of ``run``."""
        self.assertEqual(with_default(["--sandbox"]), ["run", "--sandbox"])

    def test_subcommand(self):
        """A command line with a subcommand, or with ``--help``, is not changed."""
        for words in (["check", "--sandbox"], ["--help"], ["-h"], ["--version"]):
            self.assertEqual(with_default(words), words)

    def test_help_as_a_word(self):
        """``help`` and ``help run`` print help, too."""
        self.assertEqual(with_default(["help"]), ["--help"])
        self.assertEqual(with_default(["help", "run"]), ["run", "--help"])

    def test_mistyped_command(self):
        """An unknown command is refused with the name of a similar one; it is not
        repeated, because it may be a key.
        """
        for words, said in (
            (["chekc"], "unknown command; did you mean check?"),
            (["help", "runn"], "unknown command; did you mean run?"),
            (["inst_0123456789"], "unknown command"),
            (["help", "inst_0123456789"], "unknown command"),
        ):
            error = self.assertRaises(usage.UsageError, with_default, words)
            self.assertEqual(str(error), said)


class SaidTests(SynchronousTestCase):
    """What the command prints as help, and for mistakes."""

    def said(self, *words: str) -> tuple[int, str]:
        """Run a command line; return its status and everything it wrote."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            try:
                status = run_command(words)
            except SystemExit as left:
                status = int(left.code or 0)
        return status, out.getvalue()

    def usage_of(self, words: Sequence[str]) -> str:
        """Return the first line of a help text."""
        status, text = self.said(*words)
        self.assertEqual(status, 0)
        return text.splitlines()[0]

    def test_usage(self):
        """Each help text begins with one usage line."""
        for row in SUBCOMMANDS:
            line = self.usage_of([row[0], "--help"])
            self.assertTrue(line.startswith(f"Usage: instantly-mcp {row[0]} "), line)
            self.assertEqual(line.count("instantly-mcp"), 1, line)
            self.assertEqual(self.usage_of([row[0], "-h"]), line)
            self.assertEqual(self.usage_of(["help", row[0]]), line)
        self.assertIn("Usage: instantly-mcp [", self.usage_of(["--help"]))
        self.assertIn("Usage: instantly-mcp [", self.usage_of([]))

    def test_help_without_a_description(self):
        """Nothing stands in its place: no docstring of the module that was started."""
        for row in SUBCOMMANDS:
            _, text = self.said(row[0], "--help")
            self.assertNotIn("python -m instantly_mcp", text, row[0])

    def test_how_to_begin(self):
        """The help ends with a line that shows a command to try."""
        _, text = self.said()
        lines = [line.strip() for line in text.splitlines()]
        self.assertIn(
            "To try it without an Instantly key: instantly-mcp run --sandbox", lines
        )

    def test_version(self):
        """Every command prints the same version, and exits."""
        for words in ([], *([row[0]] for row in SUBCOMMANDS)):
            status, text = self.said(*words, "--version")
            self.assertEqual((status, text.strip()), (0, f"instantly-mcp {VERSION}"))

    def test_defaults(self):
        """The help of ``run`` shows the default of each option."""
        _, text = self.said("run", "--help")
        flat = " ".join(text.split())
        self.assertIn("[default: 100]", flat)
        self.assertIn("[default: 30m]", flat)
        self.assertIn("the same port on ::1] [repeatable]", flat)

    def test_mistyped_option(self):
        """The message for an unknown option names the help that lists the options."""
        for words, named in (
            (["run", "--bogus"], "instantly-mcp run --help"),
            (["--bogus"], "instantly-mcp run --help"),
            (["check", "--bogus"], "instantly-mcp check --help"),
            (["bogus"], "instantly-mcp --help"),
        ):
            status, text = self.said(*words)
            self.assertEqual(status, 64)
            self.assertIn(f"(see {named})", text)

    def test_unexpected_argument(self):
        """An unexpected argument is refused, and not repeated: it may be a key."""
        for command in ("run", "check", "sandbox", "tools", "snippet curl"):
            status, text = self.said(*command.split(), "inst_0123456789")
            self.assertEqual(status, 64)
            kind = "unknown command" if command == "sandbox" else "unexpected argument"
            self.assertIn(kind, text)
            self.assertNotIn("inst_0123456789", text)


class SubcommandTests(SynchronousTestCase):
    """The table of subcommands."""

    def test_names(self):
        """Each subcommand has a name of its own and can be run."""
        names = [row[0] for row in SUBCOMMANDS]
        self.assertEqual(len(set(names)), len(names))
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

    def test_secrets_are_not_options(self):
        """A secret on the command line is refused, and not repeated."""
        for words in (["--api-key=CANARY-123"], ["--server-secret", "CANARY-123"]):
            options = SettingOptions()
            error = self.assertRaises(usage.UsageError, options.parseOptions, words)
            self.assertIn("-file", str(error))
            self.assertNotIn("CANARY", str(error))

    def test_help_names_every_option(self):
        """The help text lists every option."""
        text = str(SettingOptions())
        for setting in SETTINGS:
            self.assertIn(f"--{setting.option}", text)
