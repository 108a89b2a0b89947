"""Options that all commands share: usage line, ``--help`` and ``--version``."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.python import usage

from ..daemon.settings.sources.exact_options import ExactOptions
from ..daemon.settings.sources.options import print_version
from ..daemon.settings.sources.spelling import did_you_mean
from .interfaces import Subcommand, Subcommands


class CommandOptions(ExactOptions):
    """Base class for the options of a command; `synopsis` is its usage line."""

    synopsis: str
    longdesc = ""
    """Without one Twisted prints the docstring of the module that was started."""

    opt_h = usage.Options.opt_help

    def opt_version(self) -> None:
        """Print the version and exit."""
        print_version()

    def getSynopsis(self) -> str:
        """Return the usage line, without the parent's, which Twisted would add."""
        return f"Usage: {self.synopsis}"

    def parseArgs(self, *rest: str) -> None:
        """Refuse arguments that are not options.

        The message does not contain them, because one may be a key.
        """
        if rest:
            raise usage.UsageError("unexpected argument: options begin with --")


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
