"""What a command line of any subcommand shares: its usage line, its refusals.

It knows Twisted's options. It refuses to know any subcommand.
"""

from __future__ import annotations

from twisted.python import usage


class Words(usage.Options):
    """Options of one subcommand, which is typed as its synopsis says."""

    synopsis: str

    opt_h = usage.Options.opt_help

    def getSynopsis(self) -> str:
        """Return the usage line; Twisted's own puts the parent's in front of it."""
        return f"Usage: {self.synopsis}"

    def parseArgs(self, *rest: str) -> None:
        """Take no arguments. They are not repeated: one may be a key."""
        if rest:
            raise usage.UsageError("there is a word too many: options begin with --")
