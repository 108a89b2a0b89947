"""Writes log lines on its own thread, so that a slow sink never blocks the reactor.

Every sink can block: a pipe that is not read, a terminal after Ctrl-S, a disk that
hangs. Non-blocking descriptors do not help: regular files have no such mode, and an
inherited pipe would change for all other processes that share it.

Lines are queued up to a limit. The thread takes all queued lines at once and then
pauses, so that a busy daemon does not switch threads for each line. Lines keep their
order; lines beyond the limit are counted, and a line with the count takes their place.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import RLock, Thread
from typing import TextIO, final

from .line_file import LineFile, descriptor_of, open_error, write_part

MAX_HELD_CHARACTERS = 4 << 20
"""How many characters may be queued: about 20,000 access-log lines."""

PAUSE_SECONDS = 0.02
"""The pause between two writes, and so the longest delay that it adds to a line."""

CLOSE_SECONDS = 2.0
"""How long the process may wait for a sink before it ends."""

_HANDOVER_SECONDS = 1.0
"""How long the thread of a new file waits for that of the old one to finish."""


@final
class LogWriter:
    """A queue in front of a `LineFile`. Any thread may call `write`.

    A signal handler or a finalizer may call `write` while it already runs on the same
    thread. So the lock is reentrant, and a `SimpleQueue`, which is reentrant as well,
    wakes the thread.

    :param most: how many characters may be queued.
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
        """The log file; ``None`` for a stream."""
        return self.file.path

    @property
    def dropped_total(self) -> int:
        """Lines lost since the start."""
        return self._missed_total + self.file.dropped_total

    def write(self, line: str) -> None:
        """Queue a line, or count it as dropped when the queue is full."""
        with self._lock:
            held = self._held + len(line)
            # After one lost line the next ones are lost as well, until the queue is
            # taken: the line with the count has one place.
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
        """Start the thread. Call this after a fork: threads do not survive one."""
        if self._worker is None:
            self._work(_Worker(self, self.file))

    def reopen(self) -> str | None:
        """Open the file again after it was renamed.

        A thread that is blocked by the old file does not delay the new one.

        :returns: the error, if any; then lines go on to the old file.
        """
        try:
            fresh = self.file.opened_again()
        except OSError as error:
            return open_error(self.file.path, error)
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
        """Write what is queued, but wait at most `seconds` for the sink."""
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
        # Set `_worker` before the thread looks for lines. Otherwise a line queued in
        # between would not wake the thread, nor would any later line.
        self._worker = worker
        worker.thread.start()

    def take(self, file: LineFile) -> tuple[Sequence[str], int] | None:
        """Take the queued lines, and the number of lines that were lost after them.

        :param file: the file that the calling thread writes to.
        :returns: ``None`` when no more lines will come for this file.
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
        """Wait, so that more lines are written at once."""
        if not self._closing:
            time.sleep(PAUSE_SECONDS)


class _Worker:
    """A thread that writes to one file until another replaces it."""

    def __init__(
        self, writer: LogWriter, file: LineFile, after: _Worker | None = None
    ) -> None:
        self.wake: SimpleQueue[None] = SimpleQueue()
        self._writer = writer
        self._file = file
        self._after = after
        # daemon=True: a blocked thread must not keep the process alive.
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
        """Write until the queue is empty; return whether more lines may follow."""
        while taken := self._writer.take(self._file):
            lines, missed = taken
            if not lines and not missed:
                return True
            self._file.write_lines(lines, missed)
            self._writer.pause()
        return False


def write_within(stream: TextIO, text: str, seconds: float = CLOSE_SECONDS) -> None:
    """Write a text to a stream, but wait at most `seconds` for it.

    For texts that a daemon prints once, when it starts or cannot start. A text that
    cannot be written is lost: the stream may be a full disk or a pipe that is not read.
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
