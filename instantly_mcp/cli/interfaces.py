"""The interface of subcommands."""

from __future__ import annotations

from typing import Protocol


class Subcommand(Protocol):
    """Parsed options that run their command."""

    def run(self) -> int:
        """Run the command; return the exit status.

        :raises ConfigurationError: when the settings do not allow it.
        """
        ...
