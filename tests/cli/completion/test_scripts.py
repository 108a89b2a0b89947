"""The scripts for the shells are made from the options of the program."""

from __future__ import annotations

import contextlib
import io

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.cli.command import CommandLine, run_command
from instantly_mcp.cli.completion.options import SHELLS
from instantly_mcp.cli.completion.tree import CommandNode, place, tree_of
from instantly_mcp.cli.completion.zsh import quoted


def node(*path: str) -> CommandNode:
    """Return a command of the program."""
    (found,) = (each for each in tree_of(CommandLine()).walk() if each.path == path)
    return found


class TreeTests(SynchronousTestCase):
    """The commands and options as data."""

    def test_values(self):
        """Options have the words, or the files, that the program accepts."""
        takes = {each.name: each.takes for each in node("token", "add").options}
        assert takes["access"] is not None
        self.assertEqual(takes["access"].words, ("read-only", "draft", "full"))
        assert takes["config"] is not None
        self.assertTrue(takes["config"].is_file)
        self.assertIsNone(takes["json"])

    def test_settings(self):
        """Settings are options, with their words."""
        takes = {each.name: each.takes for each in node("run").options}
        for name, word in (
            ("policy-sends", "approve"),
            ("log-format", "json"),
            ("key-in-query", "false"),
            ("toolsets", "campaigns"),
        ):
            found = takes[name]
            assert found is not None
            self.assertIn(word, found.words)
        self.assertIsNone(takes["sandbox"])

    def test_help_without_notes(self):
        """Descriptions are sentences, without the notes about defaults."""
        for each in node("run").options:
            self.assertNotIn("[default", each.help)
            self.assertNotIn("[repeatable]", each.help)

    def test_places(self):
        """A command is named by its words."""
        self.assertEqual(place(node("token", "add")), "/token/add")
        self.assertEqual(place(node()), "")


class CommandTests(SynchronousTestCase):
    """The command ``completion``."""

    def test_every_shell(self):
        """Each script names every command, and registers itself."""
        for shell in SHELLS:
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                self.assertEqual(run_command(["completion", shell]), 0)
            for each in tree_of(CommandLine()).walk():
                if each.path:
                    self.assertIn(place(each), out.getvalue())
            self.assertIn("instantly-mcp", out.getvalue())

    def test_unknown_shell(self):
        """A shell that is not known is refused with the known ones."""
        line = CommandLine()
        for words in (["completion"], ["completion", "tcsh"]):
            error = self.assertRaises(usage.UsageError, line.parseOptions, words)
            self.assertIn("bash, zsh, fish", str(error))

    def test_quotes(self):
        """A quote in a description does not end the word of the shell."""
        self.assertEqual(quoted("a", "the server's"), "'a:the server'\\''s'")
