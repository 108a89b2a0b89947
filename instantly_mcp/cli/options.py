"""Options that all commands share: usage line, ``--help`` and ``--version``."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.python import usage

from ..daemon.settings.exact_options import ExactOptions
from ..daemon.settings.options import print_version
from ..daemon.settings.spelling import did_you_mean


class CommandOptions(ExactOptions):
    """Base class for the options of a command; `synopsis` is its usage line."""

    synopsis: str

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


def require_known(word: str, commands: Sequence[str], what: str = "command") -> None:
    """Check that a word of the command line is a command.

    :raises usage.UsageError: if not. Unlike Twisted's, the message does not contain the
        word, because it may be a key.
    """
    if word not in commands:
        raise usage.UsageError(f"unknown {what}{did_you_mean(word, commands)}")
