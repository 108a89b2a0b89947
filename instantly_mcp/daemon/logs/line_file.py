"""Appends lines to a stream or a file, and counts those that cannot be written.

It writes to the file descriptor, not through Python's buffered streams: a thread that
blocks inside a buffered stream holds its lock, and Python aborts at exit when it cannot
get that lock.
"""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TextIO

from attrs import define

_CHUNK_BYTES = 65536
_ERRORS = "backslashreplace"


@define(eq=False)
class Drops:
    """Log lines that were lost.

    :ivar total: since the start, for the metrics.
    :ivar unreported: since the last line in the log that reported a number.
    """

    total: int = 0
    unreported: int = 0

    def add(self, count: int) -> None:
        """Count lost lines."""
        self.total += count
        self.unreported += count


def write_part(descriptor: int, data: bytes, start: int) -> int:
    """Write as much of `data` from `start` on as the system takes at once.

    Another process that shares an inherited descriptor may have made it non-blocking;
    then this function waits until it is writable, as a blocking write would.

    :returns: the number of bytes that were written.
    """
    part = memoryview(data)[start : start + _CHUNK_BYTES]
    while True:
        try:
            return os.write(descriptor, part)
        except BlockingIOError:
            waiting = select.poll()
            waiting.register(descriptor, select.POLLOUT)
            waiting.poll()


class LineFile:
    """Appends lines on the calling thread, without a queue.

    :param stream: where lines go if `path` is ``None``; ``None`` to lose them.
    :param path: a file that is opened here, and again by `reopen`.
    :param dropped_line: returns the line that reports a number of lost lines.
    :param write: `write_part`, or a replacement in tests.
    :raises OSError: when the path cannot be opened. A FIFO that no process reads
        fails with ``ENXIO`` instead of waiting for a reader.
    """

    def __init__(
        self,
        stream: TextIO | None,
        path: Path | None = None,
        dropped_line: Callable[[int], str] = "{} log lines were dropped here".format,
        write: Callable[[int, bytes, int], int] = write_part,
    ) -> None:
        # twistd may change the working directory before `reopen`.
        self.path = None if path is None else path.absolute()
        self.drops = Drops()
        self._dropped_line = dropped_line
        self._write = write
        self._stream = stream
        self._descriptor = (
            descriptor_of(stream) if self.path is None else _open(self.path)
        )
        self._torn = False

    @property
    def dropped_total(self) -> int:
        """Lines lost since the start."""
        return self.drops.total

    def reopen(self) -> str | None:
        """Open the file again after it was renamed.

        :returns: the error, if any; then lines go on to the old file.
        """
        try:
            fresh = self.opened_again()
        except OSError as error:
            return open_error(self.path, error)
        self.close()
        self._descriptor, self._torn = fresh._descriptor, False
        return None

    def opened_again(self) -> LineFile:
        """Return a new object for the same path; a stream returns itself.

        :raises OSError: when the file cannot be opened.
        """
        if self.path is None:
            return self
        fresh = LineFile(None, self.path, self._dropped_line, self._write)
        fresh.drops = self.drops
        return fresh

    def write(self, line: str) -> None:
        """Append a line, or count it as dropped."""
        self.write_lines((line,))

    def write_lines(self, lines: Sequence[str], missed: int = 0) -> None:
        """Append lines; count those that cannot be written, and report them later.

        :param missed: lines that were lost after these and are already in the total.
        """
        said = self.drops.unreported
        before = [self._dropped_line(said)] if said else []
        after = [self._dropped_line(missed)] if missed else []
        texts = [*before, *lines, *after]
        done = len(texts) - self._append(texts)
        if done:
            self.drops.unreported -= said
        kept = min(max(done - len(before), 0), len(lines))
        self.drops.add(len(lines) - kept)
        if done < len(texts):
            self.drops.unreported += missed

    def close(self) -> None:
        """Close the file. A stream is left open: it belongs to the process."""
        if self.path is not None and self._descriptor is not None:
            try:
                os.close(self._descriptor)
            except OSError:
                # Data that the system had buffered was not written (NFS, quota).
                self.drops.add(1)
            self._descriptor = None

    def _append(self, lines: Sequence[str]) -> int:
        """Write as much as possible; return the number of lines that were lost."""
        if self._descriptor is None:
            return self._append_to_stream(lines)
        encoded = [f"{line}\n".encode("utf-8", _ERRORS) for line in lines]
        # End a partial line of an earlier write, or two lines would look like one.
        head = b"\n" if self._torn else b""
        data = head + b"".join(encoded)
        done = 0
        try:
            while done < len(data):
                done += self._write(self._descriptor, data, done)
        except OSError:
            if done:
                self._torn = data[done - 1 : done] != b"\n"
            ends = accumulate(map(len, encoded), initial=len(head))
            # A line that lacks only its newline is complete: the next write adds it.
            return sum(end - 1 > done for end in list(ends)[1:])
        self._torn = False
        return 0

    def _append_to_stream(self, lines: Sequence[str]) -> int:
        if self._stream is None:
            return len(lines)
        try:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()
        except (OSError, ValueError):
            return len(lines)
        return 0


def descriptor_of(stream: TextIO | None) -> int | None:
    """Return the file descriptor of a stream, ``None`` if it does not have one."""
    try:
        return None if stream is None else stream.fileno()
    except (OSError, ValueError, AttributeError):
        return None


def open_error(path: Path | None, error: OSError) -> str:
    """Return the message for a log file that cannot be opened for writing."""
    reason = error.strerror or type(error).__name__
    if path is not None and _is_fifo(path):
        reason = "it is a FIFO that no process reads"
    return f"IMCP-LOG {path} cannot be opened for writing: {reason}"


def _open(path: Path) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    # Without O_NONBLOCK, opening a FIFO waits until it has a reader.
    descriptor = os.open(path, flags | os.O_NONBLOCK, 0o666)
    os.set_blocking(descriptor, True)
    return descriptor


def _is_fifo(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False
