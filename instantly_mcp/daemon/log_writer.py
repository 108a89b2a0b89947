"""Writes log lines on a thread of its own, so that no sink ever stops the reactor.

Every sink can stop: a pipe that is not read, a terminal after Ctrl-S, a disk that
hangs. Non-blocking descriptors are no way out: regular files have no such mode, and a
pipe that was inherited would change for all other processes that share it.

Lines are queued here, up to a limit. The thread takes all that is queued at once and
then pauses, so that a busy daemon does not switch threads for each line. Lines keep
their order; those beyond the limit are counted, and the count is written where they
would have been.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import RLock, Thread
from typing import TextIO, final

from .line_file import LineFile, descriptor_of, why_not, write_part

MAX_HELD_CHARACTERS = 4 << 20
"""How much may wait for the sink: some twenty thousand lines of requests."""

PAUSE_SECONDS = 0.02
"""Between two writes: nothing is written later than this because of the pause."""

CLOSE_SECONDS = 2.0
"""How long the end of the process may wait for a sink."""

_HANDOVER_SECONDS = 1.0
"""How long the lines for a new file wait for those that the old one still gets."""


@final
class LogWriter:
    """A `LineFile` whose `write` only queues. Any thread may call it.

    It can be called again while it runs, by a signal handler or by what the garbage
    collector ends: the lock is reentrant, and a `SimpleQueue` wakes the thread.

    :param most: characters that may be queued.
    """

    def __init__(self, file: LineFile, most: int = MAX_HELD_CHARACTERS) -> None:
        self.file = file
        self._most = most
        self._lock = RLock()
        self._lines: list[str] = []
        self._held = 0
        self._missed = 0
        self._missed_total = 0
        self._idle = True
        self._closing = False
        self._worker: _Worker | None = None

    @property
    def path(self) -> Path | None:
        """The file, if it is one."""
        return self.file.path

    @property
    def dropped_total(self) -> int:
        """Lines lost since the start."""
        return self._missed_total + self.file.dropped_total

    def write(self, line: str) -> None:
        """Queue a line, or count it as dropped when too much waits."""
        with self._lock:
            held = self._held + len(line)
            # Once one is missing those after it are, too: the count has one place.
            if self._missed or held > self._most:
                self._missed += 1
                self._missed_total += 1
                return
            self._held = held
            self._lines.append(line)
            wake, self._idle = self._idle, False
        if wake and self._worker is not None:
            self._worker.wake.put(None)

    def start(self) -> None:
        """Begin to write. To be called after a fork, which ends all other threads."""
        if self._worker is None:
            self._work(_Worker(self, self.file))

    def reopen(self) -> str | None:
        """Open the file again after it was renamed.

        A thread that is stuck in the old file does not matter to the new one.

        :returns: why that failed, if it did; lines then go where they went before.
        """
        try:
            fresh = self.file.reopened()
        except OSError as error:
            return why_not(self.file.path, error)
        if fresh is self.file:
            return None
        with self._lock:
            former, self.file = self.file, fresh
        old = self._worker
        if old is None:
            former.close()
        else:
            self._work(_Worker(self, fresh, after=old))
            old.wake.put(None)
        return None

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Write what is queued, waiting no longer than `seconds` for the sink."""
        self._closing = True
        try:
            self.start()
        except RuntimeError:
            # From Python 3.12 on no thread can be started at exit
            # (https://github.com/python/cpython/issues/113964). A regular file takes
            # the lines at once; anything else could block the exit.
            if self.path is not None and self.path.is_file():
                _Worker(self, self.file).write_all()
            return
        worker = self._worker
        assert worker is not None
        worker.wake.put(None)
        worker.thread.join(seconds)

    def _work(self, worker: _Worker) -> None:
        # It must be known before it looks for lines: a line that came in between
        # would wake nothing, and neither would any after it.
        self._worker = worker
        worker.thread.start()

    def take(self, file: LineFile) -> tuple[Sequence[str], int] | None:
        """Return what is queued for a file and how many lines were lost after it.

        :returns: ``None`` when lines for this file have ended.
        """
        with self._lock:
            if file is not self.file:
                return None
            lines, self._lines = self._lines, []
            missed, self._missed = self._missed, 0
            self._held = 0
            if not lines and not missed:
                self._idle = True
                return None if self._closing else ((), 0)
            return lines, missed

    def pause(self) -> None:
        """Let lines gather."""
        if not self._closing:
            time.sleep(PAUSE_SECONDS)


class _Worker:
    """A thread that writes to one file until there is another."""

    def __init__(
        self, writer: LogWriter, file: LineFile, after: _Worker | None = None
    ) -> None:
        self.wake: SimpleQueue[None] = SimpleQueue()
        self._writer = writer
        self._file = file
        self._after = after
        # A thread that is not a daemon's would keep the process alive while it is
        # stuck.
        self.thread = Thread(target=self._run, name="log", daemon=True)

    def _run(self) -> None:
        if self._after is not None:
            self._after.thread.join(_HANDOVER_SECONDS)
            self._after = None
        while self.write_all():
            self.wake.get()
        if self._file is not self._writer.file:
            self._file.close()

    def write_all(self) -> bool:
        """Write until nothing is queued; say whether there may be more later."""
        while taken := self._writer.take(self._file):
            lines, missed = taken
            if not lines and not missed:
                return True
            self._file.write_lines(lines, missed)
            self._writer.pause()
        return False


def write_within(stream: TextIO, text: str, seconds: float = CLOSE_SECONDS) -> None:
    """Write a few lines to a stream, but wait no longer than `seconds` for it.

    For what a daemon says once, at its start and when it cannot start. What cannot be
    written is lost: it may go to a full disk or to a pipe that is not read.
    """
    descriptor = descriptor_of(stream)

    def write() -> None:
        try:
            if descriptor is None:
                stream.write(text)
                stream.flush()
            else:
                data, done = text.encode("utf-8", "backslashreplace"), 0
                while done < len(data):
                    done += write_part(descriptor, data, done)
        except (OSError, ValueError):
            pass

    if descriptor is None:
        write()
        return
    thread = Thread(target=write, name="report", daemon=True)
    thread.start()
    thread.join(seconds)
