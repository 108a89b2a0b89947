"""What an operator got wrong, said in one line each. Knows no setting by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

EX_CONFIG = 78
"""The exit status of a daemon that cannot run as it was told to (sysexits.h)."""


class Mistakes(Exception):
    """Why the daemon does not start.

    :ivar lines: one sentence a mistake, each beginning with its ``IMCP-`` code.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines: Sequence[str] = lines


def report(lines: Sequence[str], stream: TextIO) -> None:
    """Write one line a mistake, as the command would say it."""
    stream.writelines(f"instantly-mcp: {line}\n" for line in lines)
    stream.flush()
