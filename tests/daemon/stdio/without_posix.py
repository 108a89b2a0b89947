"""Runs the command line without what Windows lacks.

Twisted's reactor of POSIX needs these modules itself, and has them; what is imported
after it does not.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Sequence
from importlib import import_module

from twisted.internet import reactor  # noqa: F401

MODULES = frozenset({"fcntl", "pwd", "grp", "resource", "termios"})
NAMES = {
    signal: ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGPIPE"),
    socket: ("AF_UNIX",),
    os: (
        *("geteuid", "getuid", "fchown", "chown", "fork", "register_at_fork"),
        *("O_CLOEXEC", "O_DIRECTORY"),
    ),
}


class Blocker:
    """Finds none of the modules."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None):
        """Refuse to import a module that Windows lacks."""
        if name in MODULES:
            raise ImportError(f"{name} is blocked")


def main() -> None:
    """Take away what Windows lacks, then run the command."""
    for name in MODULES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, Blocker())
    for place, names in NAMES.items():
        for name in names:
            delattr(place, name)
    import_module("instantly_mcp.cli").main()


if __name__ == "__main__":
    main()
