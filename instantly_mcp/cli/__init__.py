"""The ``instantly-mcp`` command."""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036
    # The module ends the process, before an import that an old Python cannot parse.
    from .. import _prerequisites  # noqa: F401

from ..daemon.process.early_signals import ignore_signals_until_it_serves


def main() -> None:
    """Run the command line of this process; the entry point of the console script."""
    ignore_signals_until_it_serves()
    open_standard_files()
    from .. import _prerequisites  # noqa: F401
    from .command import run_command

    sys.exit(run_command(sys.argv[1:]))


def open_standard_files() -> None:
    """Open each closed standard file on the null device.

    Otherwise the first socket gets the descriptor number of the closed file, and
    receives what a library writes to, for example, standard error.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
