"""One process at a time uses a state directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.state.directory_lock import (
    LOCK_FILE_NAME,
    TRIES,
    DirectoryInUseError,
    DirectoryLock,
    lock_soon,
)

HOLD = """
import sys
from instantly_mcp.state.directory_lock import DirectoryLock
lock = DirectoryLock(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


class DirectoryLockTests(SynchronousTestCase):
    """Held by one, free when that ends."""

    def setUp(self) -> None:
        """Let there be a folder."""
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def test_second(self):
        """A second one is refused until the first is released."""
        first = DirectoryLock(str(self.folder))
        with self.assertRaises(DirectoryInUseError):
            DirectoryLock(str(self.folder))
        first.release()
        DirectoryLock(str(self.folder)).release()

    def test_held_for_a_moment(self):
        """Who finds it held gets it when a command releases it a moment later."""
        pauses: list[DirectoryLock] = []
        first = DirectoryLock(str(self.folder))

        def pause() -> None:
            pauses.append(first)
            if len(pauses) == 2:
                first.release()

        lock_soon(str(self.folder), pause).release()
        self.assertEqual(len(pauses), 2)

    def test_held_for_long(self):
        """Who finds it held all the time is refused, after a few tries."""
        first = DirectoryLock(str(self.folder))
        self.addCleanup(first.release)
        pauses: list[None] = []
        with self.assertRaises(DirectoryInUseError):
            lock_soon(str(self.folder), lambda: pauses.append(None))
        self.assertEqual(len(pauses), TRIES - 1)

    def test_other_process(self):
        """Another process holds it until it ends, also when it is killed."""
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert holder.stdout is not None
        with holder:
            self.assertEqual(holder.stdout.readline(), b"held\n")
            with self.assertRaises(DirectoryInUseError):
                DirectoryLock(str(self.folder))
            holder.kill()
        DirectoryLock(str(self.folder)).release()

    def test_fork(self):
        """A fork keeps it when the process that made it ends, as with twistd."""
        lock = DirectoryLock(str(self.folder))
        self.addCleanup(lock.release)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            # The child only waits: its copy of the lock is what is tested.
            os.close(write)
            os.read(read, 1)
            os._exit(0)
        os.close(read)
        lock.release()
        with self.assertRaises(DirectoryInUseError):
            DirectoryLock(str(self.folder))
        os.close(write)
        os.waitpid(child, 0)
        DirectoryLock(str(self.folder)).release()

    def test_cannot_be_opened(self):
        """A lock file that cannot be opened is an error of the system."""
        (self.folder / LOCK_FILE_NAME).mkdir()
        with self.assertRaises(OSError):
            DirectoryLock(str(self.folder))
