"""Command-line options that must be written in full.

Twisted uses ``getopt``, which accepts every unique prefix: a mistyped option could set
another one, and a prefix that is unique today is ambiguous after the next release.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence

from twisted.python import usage

from .spelling import nearest, suggestion

_PLAIN = re.compile(r"[a-z][a-z_-]{0,30}")


class ExactOptions(usage.Options):
    """Refuses abbreviated options, and suggests the option that may be meant."""

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse the words of a command line; ``None`` for those of this process.

        :raises usage.UsageError: also for an option that is not written in full.
        """
        words = sys.argv[1:] if options is None else list(options)
        for name in _unknown(words, frozenset(self.longOpt)):
            known = [option.rstrip("=") for option in self.longOpt]
            raise usage.UsageError(_refusal(name, known))
        super().parseOptions(words)


def _unknown(words: Sequence[str], known: frozenset[str]) -> Iterable[str]:
    """Yield the names of long options that do not exist, up to the first argument."""
    rest = iter(words)
    for word in rest:
        if word in {"-", "--"} or not word.startswith("-"):
            return
        name, equals, _ = word.removeprefix("--").partition("=")
        if not word.startswith("--"):
            continue
        if f"{name}=" in known:
            # Its value is the next word, even if that begins with dashes.
            if not equals:
                next(rest, None)
        elif name not in known:
            yield name


def _refusal(name: str, known: Sequence[str]) -> str:
    near = [f"--{option}" for option in nearest(name.replace("_", "-"), known)]
    # Text that does not look like an option may be a key: do not repeat it.
    shown = f"option --{name}" if _PLAIN.fullmatch(name) else "such option"
    return f"there is no {shown}{suggestion(near)}"
