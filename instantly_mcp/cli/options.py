"""What every command line shares: its usage line, help, version and refusals."""

from __future__ import annotations

from twisted.python import usage

from ..daemon.exact_options import ExactOptions
from ..daemon.options import print_version


class CommandOptions(ExactOptions):
    """Options of one command, which is typed as its synopsis says."""

    synopsis: str

    opt_h = usage.Options.opt_help

    def opt_version(self) -> None:
        """Print the version and leave."""
        print_version()

    def getSynopsis(self) -> str:
        """Return the usage line; Twisted's own puts the parent's in front of it."""
        return f"Usage: {self.synopsis}"

    def parseArgs(self, *rest: str) -> None:
        """Take no arguments. They are not repeated: one may be a key."""
        if rest:
            raise usage.UsageError("there is a word too many: options begin with --")
