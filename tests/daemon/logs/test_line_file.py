"""A file of lines: opening, counting lost lines, and writing whole lines."""

from __future__ import annotations

import errno
import os
from io import StringIO
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.logs.line_file import LineFile, write_part


class LineFileTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Have a path."""
        self.path = Path(self.mktemp())

    def text(self) -> str:
        """Return what the file holds."""
        return self.path.read_text(encoding="utf-8")

    def open(self) -> LineFile:
        """Open the file; it is closed at the end."""
        file = LineFile(None, self.path)
        self.addCleanup(file.close)
        return file

    def test_appends(self):
        """Lines are appended, and can be read at once."""
        self.path.write_text("before\n", encoding="utf-8")
        self.open().write_lines(["one", "two\nwith more", "dréi \ud83d"])
        self.assertEqual(self.text(), "before\none\ntwo\nwith more\ndréi \\ud83d\n")

    def test_fifo_without_reader(self):
        """A FIFO that no process reads is refused; it is not waited for."""
        os.mkfifo(self.path)
        with self.assertRaises(OSError):
            LineFile(None, self.path)

    def test_fifo_with_reader(self):
        """A FIFO that is read gets the lines."""
        os.mkfifo(self.path)
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.open().write("one")
        self.assertEqual(os.read(reader, 100), b"one\n")

    def test_reader_leaves(self):
        """Lines that no reader takes are counted; the next reader gets the number."""
        os.mkfifo(self.path)
        first = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        file = self.open()
        os.close(first)
        file.write_lines(["one", "two"])
        second = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, second)
        file.write("three")
        self.assertEqual(
            os.read(second, 100), b"2 log lines were dropped here\nthree\n"
        )
        self.assertEqual(file.dropped_total, 2)

    def test_reopen_failed(self):
        """A file that cannot be opened again gives the reason; the open one stays."""
        self.path.mkdir()
        file = LineFile(None, self.path / "log")
        self.addCleanup(file.close)
        moved = self.path.rename(self.path.with_name("moved-" + self.path.name))
        why = file.reopen() or ""
        self.assertIn("IMCP-LOG", why)
        self.assertIn("No such file or directory", why)
        file.write("kept")
        self.assertEqual((moved / "log").read_text(encoding="utf-8"), "kept\n")

    def test_relative_path(self):
        """A change of the working directory does not move the file."""
        file = LineFile(None, Path(os.path.relpath(self.path)))
        self.addCleanup(file.close)
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir("/")
        self.assertIsNone(file.reopen())

    def test_non_blocking_pipe(self):
        """A pipe that another process made non-blocking loses nothing when full."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        os.set_blocking(writer, False)
        data = b"x" * 200_000
        done = write_part(writer, data, 0)
        self.assertEqual(len(os.read(reader, 200_000)), done)
        self.assertGreater(write_part(writer, data, done), 0)


class Disk(StringIO):
    """A disk with room for a number of bytes."""

    room = 0
    content = b""

    def fileno(self) -> int:
        """Return a descriptor that is not open."""
        return -1

    def take(self, descriptor: int, data: bytes, start: int) -> int:
        """Take what there is room for."""
        part = data[start : start + self.room]
        if not part:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(part)
        self.content += part
        return len(part)


class CountingTests(SynchronousTestCase):
    """On a disk that is full at times, every lost line is counted."""

    @given(
        st.lists(
            st.tuples(
                st.lists(st.integers(0, 50), min_size=1, max_size=6),
                st.integers(0, 200),
                st.integers(0, 3),
            ),
            max_size=12,
        )
    )
    def test_every_line_is_written_or_counted(self, steps):
        """Each line is written whole or counted, however much fits."""
        disk = Disk()
        file = LineFile(disk, write=disk.take)
        sent = 0
        for sizes, room, missed in steps:
            disk.room = room
            lines = [f"{'x' * size}." for size in sizes]
            file.write_lines(lines, missed)
            sent += len(lines) + missed
        disk.room = 1 << 20
        file.write("last.")
        lines = disk.content.decode().splitlines()
        whole = sum(line.endswith(".") for line in lines)
        counted = sum(int(line.split()[0]) for line in lines if line.endswith("here"))
        self.assertEqual(whole - 1 + counted, sent)
