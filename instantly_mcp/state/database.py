"""The embedded database: SQLite, one writer, every transaction on the disk.

`SqliteDatabase` is a file in the state directory. Until it is started each transaction
has a connection of its own and runs at once: that is for commands without a reactor,
for loading at the start of the daemon, and for a daemon that forks before it runs (an
SQLite connection must not be carried over a fork). After `start` they run in the one
thread of a pool of `twisted.enterprise.adbapi`, in order.

``synchronous=FULL`` in WAL mode makes each commit wait for the disk: what a rail has
noted before a request to Instantly is there after a crash of the machine. See
https://www.sqlite.org/pragma.html#pragma_synchronous.

Python's module would begin transactions by itself, but not before a SELECT. So the
connections are in autocommit mode, and ``BEGIN IMMEDIATE`` takes the write lock before
the first statement: what an interaction reads is true until it has written.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar, cast, final
from urllib.parse import quote

from twisted.enterprise.adbapi import ConnectionPool
from twisted.internet.defer import CancelledError, Deferred, execute, fail, succeed
from zope.interface import implementer

from .._deferred import deferred
from .interfaces import IDatabase
from .migrations import ForeignDatabaseError, NewerDatabaseError, migrate, version_of

T = TypeVar("T")

DATABASE_FILE_NAME = "state.sqlite3"

LOCK_SECONDS = 5.0
"""How long a transaction waits for another process, such as a backup."""

_BY_OTHERS = stat.S_IRWXO | stat.S_IRWXG


class DatabaseUnusableError(Exception):
    """The file cannot be used as the database; the message names it and says why."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path} cannot be used: {problem}")


@final
@implementer(IDatabase)
class MemoryDatabase:
    """A database that ends with the process; transactions run at once."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self._connection)

    def run(self, interaction: Callable[..., T], *args: Any) -> Deferred[T]:
        return execute(_transact, self._connection, interaction, args)

    def start(self, reactor: Any) -> Deferred[None]:
        return succeed(None)

    def close(self) -> Deferred[None]:
        self._connection.close()
        return succeed(None)


@final
@implementer(IDatabase)
class SqliteDatabase:
    """A database file, mode 0600. It is created, checked and migrated here.

    :param path: the file; its folder exists.
    :raises DatabaseUnusableError: when it is not a database of this server, is damaged,
        is of a later version, or can be opened by other users. It is left as it is.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._pool: ConnectionPool | None = None
        self._closed = False
        self._opened = path
        self._file: tuple[int, int] | None = None
        _require_file(path)
        try:
            with closing(_connect(path)) as connection:
                _require_intact(connection)
                migrate(connection)
                _set_up(connection)
        except (sqlite3.Error, NewerDatabaseError, ForeignDatabaseError) as error:
            raise DatabaseUnusableError(path, str(error)) from error

    def run(self, interaction: Callable[..., T], *args: Any) -> Deferred[T]:
        if self._closed:
            return fail(sqlite3.ProgrammingError("the database is closed"))
        if self._pool is None:
            return execute(self._run_now, interaction, args)
        # adbapi commits after the interaction, or rolls back.
        running = self._pool.runInteraction(self._begin_in_file, interaction, args)
        return cast("Deferred[T]", running)

    def start(self, reactor: Any) -> Deferred[None]:
        self._opened = os.path.abspath(self._path)
        self._file = _identity(self._opened)
        self._pool = ConnectionPool(
            "sqlite3",
            *_arguments(self._path),
            **_OPTIONS,
            check_same_thread=False,
            cp_min=1,
            cp_max=1,
            cp_openfun=_set_up,
            cp_reactor=reactor,
        )
        return self.run(_nothing)

    @deferred
    async def close(self) -> None:
        pool = self._pool
        if pool is None:
            self._closed = True
            return
        idle = True
        try:
            await pool.runInteraction(_begin, _nothing, ())
        except CancelledError:
            idle = False
            raise
        finally:
            self._pool, self._closed = None, True
            # Closing the pool blocks until its thread is idle.
            if idle:
                pool.close()
            else:
                last = pool.runInteraction(_begin, _nothing, ())
                last.addBoth(lambda _: pool.close())

    def _begin_in_file(
        self, cursor: sqlite3.Cursor, interaction: Callable[..., T], args: Any
    ) -> T:
        """Run an interaction if the file is still the one that was opened.

        What is written to a file that was removed or replaced is lost with the process,
        although SQLite reports success.
        """
        if _identity(self._opened) != self._file:
            raise sqlite3.OperationalError(f"{self._path} was removed or replaced")
        return _begin(cursor, interaction, args)

    def _run_now(self, interaction: Callable[..., T], args: tuple[Any, ...]) -> T:
        with closing(_connect(self._path)) as connection:
            _set_up(connection)
            return _transact(connection, interaction, args)


def check_database(path: str) -> None:
    """Check whether a daemon could use a database file; changes nothing.

    :param path: the file; if it does not exist, it is fine.
    :raises DatabaseUnusableError: when it cannot be used.
    """
    if not os.path.lexists(path):
        return
    problem = _problem_with(path)
    if problem is not None:
        raise DatabaseUnusableError(path, problem)
    try:
        with closing(_connect(path)) as connection:
            _require_intact(connection)
            version_of(connection)
    except (sqlite3.Error, NewerDatabaseError, ForeignDatabaseError) as error:
        raise DatabaseUnusableError(path, str(error)) from error


_OPTIONS: dict[str, Any] = {
    "uri": True,
    "isolation_level": None,
    "timeout": LOCK_SECONDS,
}


def _arguments(path: str) -> tuple[str]:
    # A file that was removed meanwhile is not created again, empty.
    return (f"file:{quote(os.path.abspath(path))}?mode=rw",)


def _connect(path: str) -> sqlite3.Connection:
    connection: sqlite3.Connection = sqlite3.connect(*_arguments(path), **_OPTIONS)
    return connection


def _set_up(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _transact(
    connection: sqlite3.Connection, interaction: Callable[..., T], args: tuple[Any, ...]
) -> T:
    cursor = connection.cursor()
    try:
        result = _begin(cursor, interaction, args)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return result


def _begin(
    cursor: sqlite3.Cursor, interaction: Callable[..., T], args: tuple[Any, ...]
) -> T:
    # With adbapi the argument is a wrapper; `execute` returns the cursor itself.
    return interaction(cursor.execute("BEGIN IMMEDIATE"), *args)


def _nothing(cursor: sqlite3.Cursor) -> None:
    """Change nothing."""


def _require_file(path: str) -> None:
    """Create the file, mode 0600, or check the one that is there."""
    try:
        made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        # Opening a FIFO would wait for a writer: look first.
        problem = _problem_with(path)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        _give_to_owner_of_folder(made, path)
        os.close(made)
        return
    if problem is not None:
        raise DatabaseUnusableError(path, problem)


def _give_to_owner_of_folder(file: int, path: str) -> None:
    """Let a daemon that root starts use the file after it has become another user.

    SQLite gives the files that it puts beside it to the same user.
    """
    if os.geteuid() == 0:
        owner = os.stat(os.path.dirname(os.path.abspath(path)))
        os.fchown(file, owner.st_uid, owner.st_gid)


def _problem_with(path: str) -> str | None:
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        return error.strerror or type(error).__name__
    if not stat.S_ISREG(mode):
        return "it is not a regular file"
    if mode & _BY_OTHERS:
        return f"other users can open it; run: chmod 600 {path}"
    return None


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _require_intact(connection: sqlite3.Connection) -> None:
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(f"it is damaged: {' '.join(found.split())}")
