"""The help of every command: usage, the values of each choice, and examples."""

from __future__ import annotations

import contextlib
import io
import shlex
from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.cli.command import CommandLine, run_command, with_default
from instantly_mcp.cli.completion.tree import CommandNode, tree_of
from instantly_mcp.cli.options import CommandOptions

SHELL = {"<", ">", "|", "&&", ";"}


def commands() -> Iterator[CommandNode]:
    """Yield every command below the program."""
    for node in tree_of(CommandLine()).walk():
        if node.path:
            yield node


def help_of(node: CommandNode) -> str:
    """Return what ``--help`` of a command prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        run_command([*node.path, "--help"])
    return out.getvalue()


def parsed(example: str) -> CommandOptions:
    """Parse an example as the program does; return the options of its command."""
    text = example.removeprefix('eval "$(').partition(')"')[0]
    words: list[str] = []
    for word in shlex.split(text, comments=True):
        if word in SHELL:
            break
        words.append(word)
    program, *arguments = words
    assert program == "instantly-mcp", example
    options = CommandLine()
    options.parseOptions(with_default(arguments))
    while getattr(options, "subCommand", None):
        options = options.subOptions
    return options


class HelpTests(SynchronousTestCase):
    """What ``--help`` of each command shows."""

    def test_usage_names_the_command(self):
        """The usage line begins with the whole command."""
        for node in commands():
            text = help_of(node)
            expected = f"Usage: instantly-mcp {' '.join(node.path)}"
            self.assertTrue(text.startswith(expected), (node.path, text[:200]))

    def test_values_of_choices(self):
        """The help of an option names each value of a choice, and so does the usage
        line or the text for the argument.
        """
        for node in commands():
            # Lines may end after a hyphen.
            text = "".join(help_of(node).split())
            for option in node.options:
                for word in () if option.takes is None else option.takes.words:
                    about = text.partition(f"--{option.name}=")[2].partition("--")[0]
                    self.assertIn(word, about, (node.path, option.name))
            for word in node.argument.words:
                self.assertIn(word, text.partition("Options:")[0], node.path)

    def test_every_option_is_explained(self):
        """No option is listed without a sentence."""
        for node in commands():
            for option in node.options:
                self.assertTrue(option.help, (node.path, option.name))


class ExampleTests(SynchronousTestCase):
    """Each command shows how it is used."""

    def test_each_command_has_an_example(self):
        """The help ends with examples, in full width on lines of their own."""
        for node in commands():
            text = help_of(node)
            examples = text.partition("\nExample")[2].splitlines()[1:]
            self.assertTrue(examples, node.path)
            for line in examples:
                self.assertTrue(line.startswith("  "), (node.path, line))
                self.assertLessEqual(len(line), 80, (node.path, line))

    def test_each_example_can_be_used(self):
        """The program accepts each example, and it is one of the command."""
        for node in commands():
            text = help_of(node).partition("\nExample")[2]
            for line in text.splitlines()[1:]:
                found = parsed(line.strip())
                name = " ".join(node.path)
                self.assertTrue(
                    found.synopsis.startswith(f"instantly-mcp {name}")
                    if node.commands == []
                    else line.strip().startswith(f"instantly-mcp {name} "),
                    line,
                )

    def test_only_the_command_itself(self):
        """The help of a group shows its own examples, not those of its commands."""
        (audit,) = (node for node in commands() if node.path == ("audit",))
        self.assertNotIn("audit verify\n", help_of(audit).partition("\nExample")[2])
