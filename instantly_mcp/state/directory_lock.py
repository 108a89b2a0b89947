"""Lets one process at a time use a state directory.

The daemon keeps connection tokens, the kill switch and approvers in memory and writes
changes through. A second daemon on the same directory would not notice that a token was
revoked, so it is refused.

The lock is one of flock(2): it ends with the process, however that ends, and a process
that twistd forks keeps it. It is on a file of its own, because SQLite locks its files
by other means.

A command that works without a daemon holds the lock for a moment. So who finds it held
tries again for a short time: a daemon that starts just then is not refused.
"""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable
from functools import partial
from typing import final

try:
    import fcntl
except ImportError:
    # Windows. No daemon runs there, but `instantly-mcp stdio` imports this module.
    fcntl = None  # type: ignore[assignment]

LOCK_FILE_NAME = "state.lock"

TRIES = 40
PAUSE_SECONDS = 0.05
"""The pause between two of these tries."""

_pause = partial(time.sleep, PAUSE_SECONDS)


def can_lock() -> bool:
    """Return whether this system has locks of flock(2)."""
    return fcntl is not None


class DirectoryInUseError(Exception):
    """Another process uses the state directory."""

    def __init__(self) -> None:
        super().__init__("another instantly-mcp uses it")


@final
class DirectoryLock:
    """The lock of a state directory, held until `release` or the end of the process.

    :param folder: an existing directory.
    :raises DirectoryInUseError: when another process holds it.
    :raises OSError: when the lock file cannot be opened.
    """

    def __init__(self, folder: str) -> None:
        path = os.path.join(folder, LOCK_FILE_NAME)
        # O_NONBLOCK: opening a FIFO would wait for another process.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        held = os.open(path, flags, 0o600)
        self._close = weakref.finalize(self, os.close, held)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._close()
            raise DirectoryInUseError from None

    def release(self) -> None:
        """Let another process use the directory."""
        self._close()


def lock_soon(folder: str, pause: Callable[[], object] = _pause) -> DirectoryLock:
    """Lock a state directory, if need be after a short wait, which blocks the thread.

    :param pause: waits between two tries.
    :raises DirectoryInUseError: when another process keeps it.
    :raises OSError: when the lock file cannot be opened.
    """
    for _ in range(TRIES - 1):
        try:
            return DirectoryLock(folder)
        except DirectoryInUseError:
            pause()
    return DirectoryLock(folder)
