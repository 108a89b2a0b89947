"""A lock on the state directory: one daemon, or one command without a daemon.

The system releases the lock when the process ends, in whatever way, so that a lock
never has to be removed by hand.
"""

from __future__ import annotations

import fcntl
import os
from types import TracebackType

LOCK_FILE_NAME = "daemon.lock"


class StateLock:
    """Holds the lock from `acquire` until `release`.

    :param directory: the state directory, which exists.
    """

    def __init__(self, directory: str) -> None:
        self._path = os.path.join(directory, LOCK_FILE_NAME)
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock, if no other process holds it; return whether it is held.

        :raises OSError: when the file cannot be opened.
        """
        if self._descriptor is not None:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Release the lock. The file stays, so that no two processes lock two files."""
        held, self._descriptor = self._descriptor, None
        if held is not None:
            os.close(held)

    def __enter__(self) -> StateLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
