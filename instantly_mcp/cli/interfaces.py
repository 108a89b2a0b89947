"""What every subcommand is."""

from __future__ import annotations

from typing import Protocol


class Subcommand(Protocol):
    """Options that know what to do once they are parsed."""

    def run(self) -> int:
        """Do it; return the exit status. May raise `Mistakes`."""
        ...
