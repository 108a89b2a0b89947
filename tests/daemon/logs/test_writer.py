"""The thread that writes the log does not block the threads that log."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from threading import Event

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon.logs.line_file import LineFile
from instantly_mcp.daemon.logs.writer import LogWriter, write_within
from tests.support.timing import PATIENCE_SECONDS

ROOT = Path(__file__).parent.parent.parent


class StuckFile(LineFile):
    """A file whose first write waits until it is released."""

    def __init__(self) -> None:
        super().__init__(StringIO())
        self.entered, self.released = Event(), Event()
        self.batches: list[tuple[str, ...]] = []

    def write_lines(self, lines: Sequence[str], missed: int = 0) -> None:
        """Wait, and keep the lines."""
        self.entered.set()
        self.released.wait(PATIENCE_SECONDS)
        self.batches.append((*lines, *([f"missed {missed}"] if missed else [])))

    @property
    def lines(self) -> list[str]:
        """Return all lines in their order."""
        return [line for batch in self.batches for line in batch]


class LogWriterTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Have a file that is stuck."""
        self.file = StuckFile()
        self.addCleanup(self.file.released.set)

    def test_stuck_sink_does_not_block(self):
        """While the sink is stuck, lines are queued; later they come in order."""
        writer = LogWriter(self.file)
        writer.start()
        writer.write("first")
        self.assertTrue(self.file.entered.wait(PATIENCE_SECONDS))
        sent = [str(number) for number in range(5000)]
        for line in sent:
            writer.write(line)
        self.file.released.set()
        writer.close(PATIENCE_SECONDS)
        self.assertEqual(self.file.lines, ["first", *sent])

    def test_queue_is_bounded(self):
        """Lines that do not fit are counted, and their number is written instead."""
        writer = LogWriter(self.file, most=25)
        writer.start()
        writer.write("first")
        self.assertTrue(self.file.entered.wait(PATIENCE_SECONDS))
        for line in ("0123456789", "abcdefghij", "too much", "x"):
            writer.write(line)
        self.assertEqual(writer.dropped_total, 2)
        self.file.released.set()
        writer.close(PATIENCE_SECONDS)
        kept = ["first", "0123456789", "abcdefghij", "missed 2"]
        self.assertEqual(self.file.lines, kept)

    def test_flows_again(self):
        """After lines were lost, later ones are written again."""
        writer = LogWriter(self.file, most=5)
        for line in ("12345", "lost"):
            writer.write(line)
        self.file.released.set()
        writer.start()
        self.assertTrue(self.file.entered.wait(PATIENCE_SECONDS))
        writer.close(PATIENCE_SECONDS)
        self.assertEqual(self.file.lines, ["12345", "missed 1"])
        self.assertEqual(writer.dropped_total, 1)

    def test_queued_before_the_start(self):
        """Before a fork lines are queued; the thread that starts later has them."""
        writer = LogWriter(self.file)
        writer.write("early")
        self.assertFalse(self.file.entered.is_set())
        self.file.released.set()
        writer.start()
        writer.write("late")
        writer.close(PATIENCE_SECONDS)
        self.assertEqual(self.file.lines, ["early", "late"])

    def test_line_while_the_thread_starts(self):
        """A line that arrives just after the thread found none wakes it."""
        writer = LogWriter(self.file)
        looked = Event()
        take = writer.take

        def look(file: LineFile) -> tuple[Sequence[str], int] | None:
            taken = take(file)
            if not looked.is_set():
                looked.set()
                # Before `start` returns, or after: both must do.
                writer.write("in between")
            return taken

        self.patch(writer, "take", look)
        self.file.released.set()
        writer.start()
        self.assertTrue(self.file.entered.wait(PATIENCE_SECONDS))
        writer.close(PATIENCE_SECONDS)
        self.assertEqual(self.file.lines, ["in between"])

    def test_end_of_a_process_that_never_started(self):
        """Closing writes what is queued even if nothing was started."""
        writer = LogWriter(self.file)
        writer.write("why it cannot start")
        self.file.released.set()
        writer.close(PATIENCE_SECONDS)
        self.assertEqual(self.file.lines, ["why it cannot start"])

    def test_close_does_not_wait_for_a_stuck_sink(self):
        """Closing has a time limit, and the thread does not keep the process alive."""
        writer = LogWriter(self.file)
        writer.start()
        writer.write("stuck")
        self.assertTrue(self.file.entered.wait(PATIENCE_SECONDS))
        writer.close(0.01)
        self.assertEqual(self.file.lines, [])
        assert writer._worker is not None
        self.assertTrue(writer._worker.thread.daemon)

    def test_written_inside_a_write(self):
        """A signal handler or a finalizer may log in the middle of a write."""
        writer = LogWriter(self.file)

        class Reentrant(str):
            __slots__ = ()

            def __len__(self) -> int:
                writer.write("inner")
                return super().__len__()

        writer.write(Reentrant("outer"))
        self.file.released.set()
        writer.close(PATIENCE_SECONDS)
        self.assertEqual(self.file.lines, ["inner", "outer"])


class ReopenTests(SynchronousTestCase):
    """A log file that is rotated."""

    def setUp(self) -> None:
        """Have a writer on a file."""
        self.path = Path(self.mktemp())

    def writer(self, path: Path) -> LogWriter:
        """Return a writer that has begun."""
        writer = LogWriter(LineFile(None, path))
        writer.start()
        return writer

    def test_rotation_loses_nothing(self):
        """When the file is renamed and opened again many times, no line is lost."""
        writer = self.writer(self.path)
        for number in range(20):
            writer.write(f"before {number}")
            self.path.rename(f"{self.path}.{number}")
            self.assertIsNone(writer.reopen())
            writer.write(f"after {number}")
        writer.close(PATIENCE_SECONDS)
        pages = [Path(f"{self.path}.{number}") for number in range(20)]
        lines = "".join(
            page.read_text(encoding="utf-8") for page in (*pages, self.path)
        ).splitlines()
        sent = [f"{when} {n}" for n in range(20) for when in ("before", "after")]
        self.assertEqual(sorted(lines), sorted(sent))
        self.assertIn("after 19", self.path.read_text(encoding="utf-8"))

    def test_stuck_file_is_replaced(self):
        """A new file gets lines although the thread is stuck in the old one."""
        os.mkfifo(self.path)
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        writer = self.writer(self.path)
        writer.write("x" * 500_000)
        # Some of it has arrived: the thread waits for the rest to be read.
        select.select([reader], [], [], PATIENCE_SECONDS)
        self.path.unlink()
        self.assertIsNone(writer.reopen())
        writer.write("here")
        writer.close(PATIENCE_SECONDS)
        self.assertEqual(self.path.read_text(encoding="utf-8"), "here\n")
        os.close(reader)

    def test_stream(self):
        """A stream cannot be opened again."""
        writer = LogWriter(LineFile(StringIO()))
        self.assertIsNone(writer.reopen())

    def test_cannot_be_opened(self):
        """When the file cannot be opened, lines go to the former one."""
        self.path.mkdir()
        writer = self.writer(self.path / "log")
        moved = self.path.rename(f"{self.path}-moved")
        self.assertIn("IMCP-LOG", writer.reopen() or "")
        writer.write("kept")
        writer.close(PATIENCE_SECONDS)
        self.assertEqual((moved / "log").read_text(encoding="utf-8"), "kept\n")


class WriteWithinTests(SynchronousTestCase):
    """The few lines that a daemon writes once."""

    def test_pipe_that_is_not_read(self):
        """Writing to a full pipe is given up after the given time."""
        reader, descriptor = os.pipe()
        os.set_blocking(descriptor, False)
        try:
            while os.write(descriptor, b"x" * 4096):
                pass
        except BlockingIOError:
            pass
        os.set_blocking(descriptor, True)
        with os.fdopen(descriptor, "w") as stream:
            write_within(stream, "a block\n", 0.01)
            # The thread that is stuck sees the reader go.
            os.close(reader)

    def test_pipe(self):
        """A pipe that is read gets the text at once."""
        reader, descriptor = os.pipe()
        self.addCleanup(os.close, reader)
        with os.fdopen(descriptor, "w") as stream:
            write_within(stream, "a block\n", PATIENCE_SECONDS)
            self.assertEqual(os.read(reader, 100), b"a block\n")

    def test_memory(self):
        """A stream without a descriptor is written to directly."""
        stream = StringIO()
        write_within(stream, "a block\n")
        self.assertEqual(stream.getvalue(), "a block\n")


class ExitTests(SynchronousTestCase):
    """The last lines of a process that ends before its log is started."""

    def test_lines_of_a_process_that_never_served(self) -> None:
        """They are in the file, although Python 3.12 starts no thread at exit."""
        path = Path(self.mktemp()).absolute()
        code = (
            "import atexit, sys; from pathlib import Path\n"
            "from instantly_mcp.daemon.logs.line_file import LineFile\n"
            "from instantly_mcp.daemon.logs.writer import LogWriter\n"
            "writer = LogWriter(LineFile(None, Path(sys.argv[1])))\n"
            "atexit.register(writer.close)\n"
            "writer.write('the last words')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(path.read_text(encoding="utf-8"), "the last words\n")
