"""The ``instantly-mcp`` command. Every other package is unaware of it."""

import os
import sys

from ..daemon.early import ignore_signals_until_it_serves


def main() -> None:
    """Run the command with the arguments of this process."""
    ignore_signals_until_it_serves()
    open_standard_files()
    from .. import _prerequisites  # noqa: F401
    from .command import run_command

    sys.exit(run_command(sys.argv[1:]))


def open_standard_files() -> None:
    """Let each standard file be open, on nothing if need be.

    A socket would otherwise get the number of a closed one, and with it whatever a
    library writes there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
