"""Configuration errors: one line each, and the exit status of the process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

EX_CONFIG = 78
"""The exit status of a daemon that cannot run with its settings (sysexits.h)."""


class ConfigurationError(Exception):
    """The daemon cannot start with these settings.

    :ivar lines: one sentence per error, each beginning with its ``IMCP-`` code.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines: Sequence[str] = lines


def as_lines(lines: Sequence[str]) -> str:
    """Return the lines as the command prints them."""
    return "".join(f"instantly-mcp: {line}\n" for line in lines)


def report(lines: Sequence[str], stream: TextIO) -> None:
    """Print the lines. May block on the stream: not for use while the daemon serves."""
    stream.write(as_lines(lines))
    stream.flush()
