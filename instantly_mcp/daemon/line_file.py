"""Appends lines to a stream or to a file, and counts those that cannot be written.

Writes go to the file descriptor itself. A thread that is stuck inside a buffered
stream holds that stream's lock, and Python aborts at exit when it cannot get it.
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
    :ivar unreported: since the last line that said so.
    """

    total: int = 0
    unreported: int = 0

    def add(self, count: int) -> None:
        """Count lost lines."""
        self.total += count
        self.unreported += count


def write_part(descriptor: int, data: bytes, start: int) -> int:
    """Write from `start` on, as much as the system takes; return how many bytes.

    A descriptor that was inherited may have been made non-blocking by another process
    that shares it; then this waits for room as a blocking one would.
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
    """Appends lines at once, on the calling thread.

    :param stream: where lines go when there is no path; ``None`` for nowhere.
    :param path: a file that is opened here, and again by `reopen`.
    :param dropped_line: makes the line that reports lost lines, from their number.
    :param write: `write_part`, or what a test has in its place.
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
        # twistd changes the working directory when it is told to.
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

        :returns: why that failed, if it did; lines then go where they went before.
        """
        try:
            fresh = self.reopened()
        except OSError as error:
            return why_not(self.path, error)
        self.close()
        self._descriptor, self._torn = fresh._descriptor, False
        return None

    def reopened(self) -> LineFile:
        """Return the same file, opened again; a stream has nothing to open.

        :raises OSError: when it cannot be opened.
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
        """Append lines; those that cannot be written are counted, and said later.

        :param missed: lines that were lost after these, already in the total.
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
        """Close the file. A stream is not ours to close."""
        if self.path is not None and self._descriptor is not None:
            try:
                os.close(self._descriptor)
            except OSError:
                # What the system still held could not be written (NFS, quota).
                self.drops.add(1)
            self._descriptor = None

    def _append(self, lines: Sequence[str]) -> int:
        """Write as much as possible; return how many of the lines were lost."""
        if self._descriptor is None:
            return self._append_to_stream(lines)
        encoded = [f"{line}\n".encode("utf-8", _ERRORS) for line in lines]
        # Half a line of an earlier write is ended, or two lines would look like one.
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
            # A line that lacks only its end gets one: see above.
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
    """Return the descriptor of a stream, if it has one."""
    try:
        return None if stream is None else stream.fileno()
    except (OSError, ValueError, AttributeError):
        return None


def why_not(path: Path | None, error: OSError) -> str:
    """Say why a log file cannot be opened for writing."""
    reason = error.strerror or type(error).__name__
    if path is not None and _is_fifo(path):
        reason = "it is a FIFO that no process reads"
    return f"IMCP-LOG {path} cannot be opened for writing: {reason}"


def _open(path: Path) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    # A plain open of a FIFO waits until it has a reader.
    descriptor = os.open(path, flags | os.O_NONBLOCK, 0o666)
    os.set_blocking(descriptor, True)
    return descriptor


def _is_fifo(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False
