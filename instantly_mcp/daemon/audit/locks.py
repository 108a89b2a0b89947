"""Locks between the processes that use one state directory.

They are those of flock(2): they belong to an open file, and end with its process.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WAIT_SECONDS = 5.0
"""How long a line waits for another process that writes one."""

_POLL_SECONDS = 0.005


@contextmanager
def writing(descriptor: int, seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lock that only one process has at a time.

    :raises TimeoutError: when another process holds it for longer than `seconds`.
    """
    until = time.monotonic() + seconds
    while not _locks(descriptor, fcntl.LOCK_EX):
        if time.monotonic() >= until:
            raise TimeoutError(
                errno.ETIMEDOUT, "another process has locked the audit file"
            )
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def is_first_user(descriptor: int) -> bool:
    """Take a lock that all running daemons share.

    Call it under another lock: while it runs, no other process may do so.

    :returns: whether no other daemon had it.
    """
    alone = _locks(descriptor, fcntl.LOCK_EX)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return alone


def open_lock_file(path: Path) -> int:
    """Open a file that is only locked; create it if needed.

    :raises OSError: if that fails.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locks(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
