"""What all commands share: usage line, ``--help`` with examples, ``--version``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen
from twisted.python import usage

from .._rights import Level
from ..daemon.settings.sources.exact_options import ExactOptions
from ..daemon.settings.sources.options import SomeSettingOptions, print_version
from ..daemon.settings.sources.spelling import did_you_mean
from ..daemon.settings.table import BY_NAME, SETTINGS
from .interfaces import Subcommand, Subcommands


@frozen
class OptionValues:
    """What an option, or the argument of a command, takes.

    :param words: the values that it may have, or the common ones; empty for any.
    :param is_file: it takes the name of a file or folder.
    """

    words: tuple[str, ...] = ()
    is_file: bool = False


ANYTHING = OptionValues()
FILE = OptionValues(is_file=True)
LEVELS = OptionValues(tuple(level.value for level in Level))
TOOLSETS = OptionValues(BY_NAME["toolsets"].words)


class CommandOptions(ExactOptions):
    """Base class for the options of a command; `synopsis` is its usage line.

    :cvar examples: command lines that the help shows; each begins with instantly-mcp.
    :cvar takes: what options of this class take, by name. Those of base classes
        are valid as well; see `values_of`.
    :cvar argument: what the words that are not options are.
    """

    synopsis: str
    longdesc = ""
    """Without one Twisted prints the docstring of the module that was started."""
    examples: Sequence[str] = ()
    takes: Mapping[str, OptionValues] = {}
    argument: OptionValues = ANYTHING

    opt_h = usage.Options.opt_help

    def opt_version(self) -> None:
        """Print the version and exit."""
        print_version()

    def getSynopsis(self) -> str:
        """Return the usage line, without the parent's, which Twisted would add."""
        return f"Usage: {self.synopsis}"

    def getUsage(self, width: int | None = None) -> str:
        """Return the help, which ends with the examples.

        Twisted would wrap them together with `longdesc`. The command that was read
        last shows its own.
        """
        text = super().getUsage(width).rstrip()
        if not self.examples or hasattr(self, "subOptions"):
            return text
        heading = "Example:" if len(self.examples) == 1 else "Examples:"
        lines = "\n".join(f"  {example}" for example in self.examples)
        return f"{text}\n\n{heading}\n{lines}"

    def parseArgs(self, *rest: str) -> None:
        """Refuse arguments that are not options.

        The message does not contain them, because one may be a key.
        """
        if rest:
            raise usage.UsageError("unexpected argument: options begin with --")


def values_of(options: CommandOptions) -> Mapping[str, OptionValues]:
    """Return what the options of a command take, by their names without dashes."""
    found: dict[str, OptionValues] = {}
    if isinstance(options, SomeSettingOptions):
        for setting in SETTINGS:
            found[setting.option] = OptionValues(setting.words, setting.is_file)
    for cls in reversed(type(options).__mro__):
        found |= vars(cls).get("takes", {})
    return found


class CommandGroup(CommandOptions):
    """Base class for a command that has commands of its own in `subCommands`.

    :cvar group: its name on the command line.
    """

    group: str
    subCommands: Subcommands

    def getSynopsis(self) -> str:
        """Return the usage line, with the names of the commands."""
        return (
            f"Usage: instantly-mcp {self.group} [{' | '.join(self._names)}] [options]"
        )

    @property
    def _names(self) -> list[str]:
        return [row[0] for row in self.subCommands]

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse the words after the name of the group.

        :raises usage.UsageError: for an unknown command.
        """
        first = options[0] if options else ""
        if first and not first.startswith("-"):
            require_known(first, self._names, f"command of {self.group}")
        super().parseOptions(options)

    def run(self) -> int:
        """Run the command.

        :raises usage.UsageError: when none is named.
        """
        if self.subCommand is None:
            ways = " or ".join(f"{self.group} {name}" for name in self._names)
            raise usage.UsageError(f"say {ways}")
        subcommand: Subcommand = self.subOptions
        return subcommand.run()


def require_known(word: str, commands: Sequence[str], what: str = "command") -> None:
    """Check that a word of the command line is a command.

    :raises usage.UsageError: if not. Unlike Twisted's, the message does not contain the
        word, because it may be a key.
    """
    if word not in commands:
        raise usage.UsageError(f"unknown {what}{did_you_mean(word, commands)}")
