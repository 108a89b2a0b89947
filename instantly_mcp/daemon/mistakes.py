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


def as_lines(lines: Sequence[str]) -> str:
    """Return one line a mistake, as the command would say it."""
    return "".join(f"instantly-mcp: {line}\n" for line in lines)


def report(lines: Sequence[str], stream: TextIO) -> None:
    """Write one line a mistake. Waits for the stream: not for a daemon that serves."""
    stream.write(as_lines(lines))
    stream.flush()
