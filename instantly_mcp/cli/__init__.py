"""The ``instantly-mcp`` command. Every other package is unaware of it."""

import sys


def main() -> None:
    """Run the command with the arguments of this process."""
    from .command import run_command

    sys.exit(run_command(sys.argv[1:]))
