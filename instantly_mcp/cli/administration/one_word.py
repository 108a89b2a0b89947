"""Commands about one thing, whose name or number is their first word."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from twisted.python import usage

from .options import AdminOptions


class OneWordOptions(AdminOptions):
    """Base class for a command whose first word is not an option.

    :cvar word: what it is, and where to find it, for the message when it is missing.
    """

    word: str

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse the options, which may stand before and after the word.

        Twisted uses ``getopt``, which stops at the first word that is not an option.
        """
        words, others = list(options or ()), list[str]()
        known, rest = [], iter(words)
        for word in rest:
            if not word.startswith("-"):
                others.append(word)
                continue
            known.append(word)
            if f"{word.removeprefix('--')}=" in self.longOpt:
                known.extend(islice(rest, 1))
        super().parseOptions([*known, *others])

    def parseArgs(self, *rest: str) -> None:
        """Read the word."""
        if not rest:
            raise usage.UsageError(f"give {self.word}")
        super().parseArgs(*rest[1:])
        self.given = rest[0]
