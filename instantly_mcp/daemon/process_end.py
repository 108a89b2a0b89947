"""The end of a process that ``twistd`` or ``twist`` runs: its status and its pid file.

Neither passes on the status of a service that gave up while the reactor ran, and
twistd leaves its pid file behind when a start ends with `SystemExit`.
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
    """Runs at the end of the process, after what was registered later.

    :ivar status: what the process should end with; 0 leaves it as it is.
    """

    pid_file: Path | None = None
    status: int = 0

    def register(self) -> None:
        """Let it run at the end. To be called before the log is opened."""
        atexit.register(self)

    def __call__(self) -> None:
        """Remove the pid file if it is this process's, and end."""
        self._remove_pid_file()
        if self.status:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            # Python has no other way to change the status this late.
            os._exit(self.status)

    def _remove_pid_file(self) -> None:
        with suppress(OSError, ValueError):
            path = self.pid_file
            if path is not None and int(path.read_bytes()) == os.getpid():
                path.unlink()
