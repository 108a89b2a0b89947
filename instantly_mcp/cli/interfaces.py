"""The interface of subcommands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias


class Subcommand(Protocol):
    """Parsed options that run their command."""

    def run(self) -> int:
        """Run the command; return the exit status.

        :raises ConfigurationError: when the settings do not allow it.
        """
        ...


Subcommands: TypeAlias = Sequence[tuple[str, None, Callable[[], Subcommand], str]]
"""Name, no short name, options and description of each, as Twisted wants them."""
