"""The tables of the database, by version.

`MIGRATIONS` has the statements that lead from each version to the next. A database
keeps its version in ``PRAGMA user_version``. What was released is never edited: add a
version at the end instead. SQLite 3.34, which some distributions still have, must
understand them: no ``STRICT`` and no ``RETURNING``.

Times are seconds since the epoch, by the wall clock. A row that has reached its final
state says so in a column, and never depends on a time alone: the clock may be set back.
"""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x494D4350
"""``PRAGMA application_id`` of our databases, the letters IMCP."""

_WORKSPACES = (
    """
    CREATE TABLE workspaces (
        alias TEXT PRIMARY KEY,
        api_key_file TEXT,
        under TEXT REFERENCES workspaces (alias),
        id TEXT
    )
    """,
)

_RAILS = (
    """
    CREATE TABLE marks (
        number INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        mark TEXT NOT NULL,
        until REAL NOT NULL,
        UNIQUE (kind, mark)
    )
    """,
    """
    CREATE TABLE reservations (
        act TEXT NOT NULL,
        cap TEXT NOT NULL,
        owner TEXT NOT NULL,
        call TEXT NOT NULL,
        amount INTEGER NOT NULL CHECK (amount > 0),
        at REAL NOT NULL,
        PRIMARY KEY (act, cap)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX reservations_of_owner ON reservations (owner, cap, at, amount)",
    "CREATE INDEX reservations_of_call ON reservations (call, cap)",
    "CREATE INDEX reservations_by_time ON reservations (at)",
    """
    CREATE TABLE writes (
        number INTEGER PRIMARY KEY,
        act TEXT NOT NULL UNIQUE,
        request TEXT NOT NULL,
        owner TEXT NOT NULL,
        operation TEXT NOT NULL,
        at REAL NOT NULL,
        state TEXT NOT NULL
            CHECK (state IN ('sending', 'unknown', 'looked_at', 'done', 'settled'))
    )
    """,
    "CREATE INDEX writes_of_request ON writes (request, number)",
    "CREATE INDEX writes_in_state ON writes (state, owner)",
)


_TOKENS = (
    """
    CREATE TABLE tokens (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        digest TEXT NOT NULL UNIQUE,
        level TEXT NOT NULL,
        toolsets TEXT,
        workspaces TEXT NOT NULL,
        caps TEXT NOT NULL,
        created REAL NOT NULL,
        expires REAL,
        state TEXT NOT NULL,
        ended REAL,
        last_used REAL
    )
    """,
)

_APPROVALS = (
    """
    CREATE TABLE approvals (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        subject TEXT NOT NULL,
        principal TEXT NOT NULL,
        state TEXT NOT NULL,
        asked_at REAL NOT NULL,
        document BLOB NOT NULL
    )
    """,
    """
    CREATE UNIQUE INDEX approvals_open ON approvals (subject)
    WHERE state IN ('pending', 'approved')
    """,
    "CREATE INDEX approvals_subject ON approvals (subject, number)",
    "CREATE INDEX approvals_state ON approvals (state, number)",
    """
    CREATE TABLE approvers (
        name TEXT PRIMARY KEY,
        digest TEXT NOT NULL UNIQUE,
        added_at REAL NOT NULL
    )
    """,
)

_KILL_SWITCH = (
    """
    CREATE TABLE kill_switch (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        off INTEGER NOT NULL,
        at REAL NOT NULL,
        by_whom TEXT NOT NULL
    )
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    _WORKSPACES,
    _RAILS,
    _TOKENS,
    _APPROVALS,
    _KILL_SWITCH,
)


class NewerDatabaseError(Exception):
    """The database was written by a later version of this server."""


class ForeignDatabaseError(Exception):
    """The database belongs to another program."""


def migrate(
    connection: sqlite3.Connection,
    migrations: tuple[tuple[str, ...], ...] = MIGRATIONS,
) -> None:
    """Bring a database to the newest version, each version in one transaction.

    :param connection: in autocommit mode.
    :raises NewerDatabaseError: when it has a version that is not in `migrations`.
    :raises ForeignDatabaseError: when it has tables, and not our application id.
    :raises sqlite3.Error: when it cannot be read or written.
    """
    version = version_of(connection, migrations)
    for number in range(version, len(migrations)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            for statement in migrations[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        except BaseException:
            connection.rollback()
            raise
        connection.commit()


def version_of(
    connection: sqlite3.Connection,
    migrations: tuple[tuple[str, ...], ...] = MIGRATIONS,
) -> int:
    """Return the version of a database, 0 for an empty one; changes nothing.

    :raises: as `migrate`.
    """
    version = _number(connection, "user_version")
    if _number(connection, "application_id") != APPLICATION_ID:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables or version:
            raise ForeignDatabaseError("it is a database of another program")
    if version > len(migrations):
        raise NewerDatabaseError(
            f"its version is {version}, and this server knows {len(migrations)}"
        )
    return version


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    (number,) = connection.execute(f"PRAGMA {pragma}").fetchone()
    return int(number)
