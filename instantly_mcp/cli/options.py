"""Options that all commands share: usage line, ``--help`` and ``--version``."""

from __future__ import annotations

from twisted.python import usage

from ..daemon.settings.exact_options import ExactOptions
from ..daemon.settings.options import print_version


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
