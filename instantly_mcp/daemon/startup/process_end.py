"""Sets the exit status and removes the pid file of a process under ``twistd``.

Neither ``twistd`` nor ``twist`` passes on the status of a service that fails while the
reactor runs, and twistd leaves its pid file behind when a start ends with `SystemExit`.
"""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from pathlib import Path

from attrs import define


@define(eq=False)
class ProcessEnd:
    """An exit handler: removes the pid file, then ends with a status.

    :ivar status: the exit status; 0 leaves the status of the process unchanged.
    """

    pid_file: Path | None = None
    status: int = 0

    def register(self) -> None:
        """Register the handler. Call this before the log is opened.

        Exit handlers run in reverse order, and this one ends the process.
        """
        atexit.register(self)

    def __call__(self) -> None:
        """Remove the pid file if it is this process's, and end."""
        self._remove_pid_file()
        if self.status:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            # In an exit handler nothing else changes the exit status.
            os._exit(self.status)

    def _remove_pid_file(self) -> None:
        with suppress(OSError, ValueError):
            path = self.pid_file
            if path is not None and int(path.read_bytes()) == os.getpid():
                path.unlink()
