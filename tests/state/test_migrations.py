"""The tables of the database are made version by version."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.state.migrations import (
    MIGRATIONS,
    ForeignDatabaseError,
    NewerDatabaseError,
    migrate,
)

ONE = ("CREATE TABLE one (a)",)
TWO = ("CREATE TABLE two (b)", "INSERT INTO one VALUES (2)")


def connect() -> sqlite3.Connection:
    """Return an empty database in memory, in autocommit mode."""
    return sqlite3.connect(":memory:", isolation_level=None)


def tables(connection: sqlite3.Connection) -> set[str]:
    """Return the names of the tables."""
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}


def version(connection: sqlite3.Connection) -> int:
    """Return the version that the database says it has."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    return int(number)


class MigrationTests(SynchronousTestCase):
    """Each version in one transaction, once."""

    def test_from_nothing(self):
        """An empty database gets every version."""
        connection = connect()
        migrate(connection, (ONE, TWO))
        self.assertEqual(tables(connection), {"one", "two"})
        self.assertEqual(version(connection), 2)

    def test_from_each_version(self):
        """A database of an earlier version gets only what it lacks, with its rows."""
        connection = connect()
        migrate(connection, (ONE,))
        connection.execute("INSERT INTO one VALUES (1)")
        for _ in range(2):
            migrate(connection, (ONE, TWO))
        rows = connection.execute("SELECT a FROM one ORDER BY a").fetchall()
        self.assertEqual(rows, [(1,), (2,)])

    def test_version_that_fails(self):
        """A version that cannot be made leaves the database as it was before it."""
        connection = connect()
        with self.assertRaises(sqlite3.OperationalError):
            migrate(connection, (ONE, (*TWO, "CREATE TABLE one (again)")))
        self.assertEqual(tables(connection), {"one"})
        self.assertEqual(version(connection), 1)
        migrate(connection, (ONE, TWO))
        self.assertEqual(tables(connection), {"one", "two"})

    def test_later_version(self):
        """A database of a later version is refused and left as it is."""
        connection = connect()
        migrate(connection, (ONE, TWO))
        with self.assertRaises(NewerDatabaseError):
            migrate(connection, (ONE,))
        self.assertEqual(version(connection), 2)

    def test_other_program(self):
        """A database of another program is refused and left as it is."""
        connection = connect()
        connection.execute("CREATE TABLE bookmarks (url)")
        with self.assertRaises(ForeignDatabaseError):
            migrate(connection, (ONE,))
        self.assertEqual(tables(connection), {"bookmarks"})
        self.assertEqual(version(connection), 0)

    def test_old_sqlite(self):
        """No statement needs a newer SQLite than distributions have."""
        for statement in (each for version in MIGRATIONS for each in version):
            self.assertNotRegex(statement, r"(?i)\bstrict\b|\breturning\b")

    @given(st.integers(0, len(MIGRATIONS)))
    def test_every_released_version(self, start: int):
        """From each version one gets to the newest, with the same tables."""
        connection, whole = connect(), connect()
        migrate(connection, MIGRATIONS[:start])
        migrate(connection)
        migrate(whole)
        schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY name"
        self.assertEqual(
            connection.execute(schema).fetchall(), whole.execute(schema).fetchall()
        )
