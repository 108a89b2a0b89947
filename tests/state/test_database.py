"""The database file: how it is opened, refused, used from a thread, and closed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, gatherResults
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface.verify import verifyObject

from instantly_mcp._deferred import deferred
from instantly_mcp.state.database import (
    DatabaseUnusableError,
    MemoryDatabase,
    SqliteDatabase,
    check_database,
)
from instantly_mcp.state.interfaces import IDatabase


def make_table(cursor: sqlite3.Cursor) -> None:
    """Create a table for the test."""
    cursor.execute("CREATE TABLE IF NOT EXISTS told (number)")


def note(cursor: sqlite3.Cursor, number: int) -> int:
    """Write a number and return how many there are."""
    cursor.execute("INSERT INTO told VALUES (?)", (number,))
    return len(numbers(cursor))


def note_and_fail(cursor: sqlite3.Cursor, number: int) -> None:
    """Write a number and fail."""
    note(cursor, number)
    raise ZeroDivisionError


def numbers(cursor: sqlite3.Cursor) -> list[int]:
    """Return the numbers in the order in which they were written."""
    return [each for (each,) in cursor.execute("SELECT number FROM told").fetchall()]


def thread_of(cursor: sqlite3.Cursor) -> int:
    """Return the thread that runs the transaction."""
    return threading.get_ident()


class FileTestCase(SynchronousTestCase):
    """A test with a path for a database."""

    def setUp(self) -> None:
        """Let there be a folder."""
        folder = Path(self.mktemp())
        folder.mkdir()
        self.path = folder / "state.sqlite3"


class InlineTests(FileTestCase):
    """Transactions that run at once: in memory, and in a file before the start."""

    def databases(self) -> tuple[IDatabase, IDatabase]:
        """Return one of each kind, with the table."""
        both = (MemoryDatabase(), SqliteDatabase(str(self.path)))
        for each in both:
            self.successResultOf(each.run(make_table))
            self.addCleanup(each.close)
        return both

    def test_interface(self):
        """Both are databases."""
        for each in self.databases():
            self.assertTrue(verifyObject(IDatabase, each))

    def test_result(self):
        """A transaction gets its arguments and gives its result."""
        for each in self.databases():
            self.assertEqual(self.successResultOf(each.run(note, 7)), 1)
            self.assertEqual(self.successResultOf(each.run(note, 8)), 2)

    def test_failure(self):
        """Nothing remains of a transaction that fails, and the next one works."""
        for each in self.databases():
            self.failureResultOf(each.run(note_and_fail, 7), ZeroDivisionError)
            self.failureResultOf(each.run(note), TypeError)
            self.assertEqual(self.successResultOf(each.run(note, 8)), 1)

    def test_after_a_restart(self):
        """What was written to the file is there for the next process."""
        _, one = self.databases()
        self.successResultOf(one.run(note, 7))
        self.successResultOf(one.close())
        again = SqliteDatabase(str(self.path))
        self.assertEqual(self.successResultOf(again.run(numbers)), [7])

    def test_durable(self):
        """Every commit waits for the disk."""

        def pragmas(cursor: sqlite3.Cursor) -> tuple[str, int]:
            (mode,) = cursor.execute("PRAGMA journal_mode").fetchone()
            (sync,) = cursor.execute("PRAGMA synchronous").fetchone()
            return mode, sync

        full = 2
        _, one = self.databases()
        self.assertEqual(self.successResultOf(one.run(pragmas)), ("wal", full))

    def test_takes_the_write_lock_first(self):
        """What a transaction reads is true until it has written."""
        _, one = self.databases()

        def write_meanwhile(cursor: sqlite3.Cursor) -> None:
            numbers(cursor)
            with closing(sqlite3.connect(self.path)) as other:
                other.execute("PRAGMA busy_timeout = 0")
                other.execute("INSERT INTO told VALUES (1)")

        failure = self.failureResultOf(one.run(write_meanwhile))
        self.assertIn("locked", failure.getErrorMessage())


class RefusedTests(FileTestCase):
    """A file that cannot be the database is refused with its name and not replaced."""

    def refused(self) -> str:
        """Return why the file is refused, by a check in the same way."""
        with self.assertRaises(DatabaseUnusableError) as checked:
            check_database(str(self.path))
        with self.assertRaises(DatabaseUnusableError) as caught:
            SqliteDatabase(str(self.path))
        message = str(caught.exception)
        self.assertEqual(str(checked.exception), message)
        self.assertTrue(message.startswith(f"{self.path} cannot be used: "), message)
        return message

    def test_private(self):
        """A new file, and what SQLite puts beside it, is for its owner only."""
        database = SqliteDatabase(str(self.path))
        self.successResultOf(database.run(make_table))
        for path in self.path.parent.iterdir():
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)

    def test_owner(self) -> None:
        """Root gives a new file to the owner of the folder, who will use it."""
        given: list[tuple[int, int]] = []
        self.patch(os, "geteuid", lambda: 0)
        self.patch(os, "fchown", lambda file, *owner: given.append(owner))
        SqliteDatabase(str(self.path))
        folder = self.path.parent.stat()
        self.assertEqual(given, [(folder.st_uid, folder.st_gid)])

    def test_check(self) -> None:
        """A check creates, migrates and changes nothing."""
        check_database(str(self.path))
        self.path.touch(0o600)
        check_database(str(self.path))
        self.assertEqual(self.path.read_bytes(), b"")
        SqliteDatabase(str(self.path))
        before = self.path.read_bytes()
        check_database(str(self.path))
        self.assertEqual(self.path.read_bytes(), before)
        self.assertEqual(list(self.path.parent.iterdir()), [self.path])

    def test_open_to_others(self):
        """A file that other users can open is refused, with the command that helps."""
        SqliteDatabase(str(self.path))
        for mode in (0o644, 0o660, 0o602, 0o640):
            self.path.chmod(mode)
            self.assertIn(f"chmod 600 {self.path}", self.refused())

    def test_not_a_file(self):
        """A folder, a FIFO and a link to nowhere are refused; none of them blocks."""
        for make in (self.path.mkdir, lambda: os.mkfifo(self.path, 0o600)):
            make()
            self.assertIn("not a regular file", self.refused())
            self.path.rmdir() if self.path.is_dir() else self.path.unlink()
        self.path.symlink_to(self.path.parent / "nowhere")
        self.assertIn("No such file", self.refused())

    def test_not_a_database(self):
        """A file with anything else in it is refused and left as it is."""
        for content in (b"x" * 5000, b"SQLite format 3\0" + b"\xff" * 5000):
            self.path.write_bytes(content)
            self.path.chmod(0o600)
            self.refused()
            self.assertEqual(self.path.read_bytes(), content)

    def test_damaged(self):
        """A database with damaged pages is refused and left as it is."""
        database = SqliteDatabase(str(self.path))
        self.successResultOf(database.run(make_table))
        with closing(sqlite3.connect(self.path)) as content:
            content.executemany(
                "INSERT INTO told VALUES (?)", [("x" * 50,) for _ in range(2000)]
            )
            content.commit()
            content.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        damaged = bytearray(self.path.read_bytes())
        damaged[-9000:-5000] = b"\xa5" * 4000
        self.path.write_bytes(damaged)
        self.assertNotIn("\n", self.refused())
        self.assertEqual(self.path.read_bytes(), damaged)

    def test_later_version(self):
        """A database of a later version of this server is refused."""
        SqliteDatabase(str(self.path))
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA user_version = 9999")
        self.assertIn("9999", self.refused())

    def test_other_program(self):
        """A database of another program is refused, without a change."""
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("CREATE TABLE bookmarks (url)")
        self.path.chmod(0o600)
        before = self.path.read_bytes()
        self.assertIn("another program", self.refused())
        self.assertEqual(self.path.read_bytes(), before)

    def test_removed_meanwhile(self):
        """A file that was removed is an error; no empty one takes its place."""
        database = SqliteDatabase(str(self.path))
        self.path.unlink()
        self.failureResultOf(database.run(make_table), sqlite3.OperationalError)
        self.assertFalse(self.path.exists())

    def test_odd_names(self):
        """A path with characters that mean something in a URI is opened as it is."""
        folder = self.path.parent / "a?mode=ro#b %41 ü"
        folder.mkdir()
        path = folder / "state.sqlite3"
        database = SqliteDatabase(str(path))
        self.successResultOf(database.run(make_table))
        self.assertTrue(path.exists())
        self.assertEqual(list(self.path.parent.iterdir()), [folder])


class ThreadTests(TestCase):
    """After the start transactions run in one thread, in order."""

    async def start(self) -> None:
        """Start a database with the table."""
        folder = Path(self.mktemp())
        folder.mkdir()
        self.path = str(folder / "state.sqlite3")
        self.database = SqliteDatabase(self.path)
        await self.database.run(make_table)
        await self.database.start(reactor)
        self.addCleanup(self.database.close)

    @deferred
    async def test_one_other_thread(self):
        """No transaction blocks the reactor's thread, and all share one thread."""
        await self.start()
        threads = await gatherResults([self.database.run(thread_of) for _ in range(10)])
        self.assertEqual(len(set(threads)), 1)
        self.assertNotIn(threading.get_ident(), threads)

    @deferred
    async def test_removed_meanwhile(self):
        """What would be written to a file that is gone, or another one, is refused."""
        await self.start()
        kept = f"{self.path}.kept"
        os.rename(self.path, kept)
        with self.assertRaises(sqlite3.OperationalError) as caught:
            await self.database.run(note, 7)
        self.assertIn("was removed or replaced", str(caught.exception))
        shutil.copy(kept, self.path)
        with self.assertRaises(sqlite3.OperationalError):
            await self.database.run(note, 7)
        os.replace(kept, self.path)
        self.assertEqual(await self.database.run(note, 8), 1)

    @deferred
    async def test_order(self):
        """Transactions run in the order of the calls, and one that fails is undone."""
        await self.start()
        running = [self.database.run(note, number) for number in range(20)]
        failing = self.database.run(note_and_fail, 99)
        self.assertEqual(await gatherResults(running), list(range(1, 21)))
        with self.assertRaises(ZeroDivisionError):
            await failing
        self.assertEqual(await self.database.run(numbers), list(range(20)))

    @deferred
    async def test_cancelled(self):
        """Cancelling does not stop a transaction: it is made all the same."""
        await self.start()
        running = self.database.run(note, 7)
        running.addErrback(lambda _: None)
        running.cancel()
        self.assertEqual(await self.database.run(numbers), [7])

    @deferred
    async def test_close_waits(self):
        """Closing finishes what was begun before."""
        await self.start()
        running = self.database.run(note, 7)
        await self.database.close()
        self.assertEqual(self.successResultOf(running), 1)
        again = SqliteDatabase(self.path)
        self.assertEqual(await again.run(numbers), [7])

    @deferred
    async def test_close_while_the_thread_is_busy(self):
        """A close that is cancelled returns at once; the transaction is finished."""
        await self.start()
        go_on, began = threading.Event(), threading.Event()

        def wait(cursor: sqlite3.Cursor) -> None:
            began.set()
            # On a failure of this test the limit ends it.
            note(cursor, int(go_on.wait(20)))

        running = self.database.run(wait)
        began.wait(20)
        closing = self.database.close()
        closing.cancel()
        try:
            self.assertFalse(running.called)
            self.failureResultOf(closing, CancelledError)
            self.failureResultOf(self.database.run(numbers), sqlite3.ProgrammingError)
        finally:
            go_on.set()
        await running
        again = SqliteDatabase(self.path)
        self.assertEqual(await again.run(numbers), [1])

    @deferred
    async def test_closed(self):
        """After it nothing is written: another process may have the directory."""
        await self.start()
        await self.database.close()
        for database in (self.database, SqliteDatabase(self.path)):
            await database.close()
            with self.assertRaises(sqlite3.ProgrammingError):
                await database.run(note, 7)

    @deferred
    async def test_close_twice(self):
        """Closing a second time does nothing."""
        await self.start()
        await self.database.close()
        await self.database.close()
