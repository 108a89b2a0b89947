"""A process that is killed at any statement leaves a whole database behind.

The process makes one write as the daemon does: it opens and migrates the database,
records the write, reserves what it counts, uses up a confirmation, sends, and records
the ending. Before each statement that SQLite runs for that it is killed once, with
SIGKILL, and the next process looks at what it finds.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.act import Ending, EndingKind
from instantly_mcp.access.rails.caps import CapsRail
from instantly_mcp.access.rails.outcomes import OutcomeRail
from instantly_mcp.access.rails.records import Caps, owner_of
from instantly_mcp.access.refusal import AccessRefusedError
from instantly_mcp.state.database import SqliteDatabase
from instantly_mcp.state.stores.counters import StoredCounters
from instantly_mcp.state.stores.marks import StoredMarks
from instantly_mcp.state.stores.write_records import StoredWriteRecords
from tests.access.acts import act
from tests.contract.counters import counted

NOW = 1.8e9
AMOUNTS = {"leads": 3, "credits": 5}
LEAD = {"email": "x@y.org"}
SENT, ENDED = b"s", b"e"


class Process:
    """What one daemon holds."""

    def __init__(self, path: str) -> None:
        database = SqliteDatabase(path)
        self.marks = StoredMarks(database, lambda: NOW)
        self.counters = StoredCounters(database, lambda: NOW)
        self.records = StoredWriteRecords(database)
        self.caps = CapsRail(self.counters, Caps(), lambda: NOW)
        self.outcomes = OutcomeRail(self.records, lambda: NOW, {})

    async def write(self, id: str, tell: Callable[[bytes], object]) -> None:
        """Make the write; tell when it is sent, and when its ending is recorded."""
        one = act("createLead", id=id, arguments=LEAD, amounts=AMOUNTS)
        await self.outcomes.start()
        await self.outcomes.before(one)
        await self.caps.before(one)
        await self.marks.use("confirmation", "m1", NOW + 300)
        tell(SENT)
        ending = Ending(kind=EndingKind.DONE)
        await self.caps.after(one, ending)
        await self.outcomes.after(one, ending)
        tell(ENDED)


class Statements:
    """Counts the statements of all connections, and kills the process at one.

    :param fatal: the number of the statement before which it is killed.
    """

    def __init__(self, fatal: int) -> None:
        self.count = 0
        self._fatal = fatal
        self._connect = sqlite3.connect

    def connect(self, *args: Any, **options: Any) -> sqlite3.Connection:
        """Connect as `sqlite3.connect` does."""
        connection: sqlite3.Connection = self._connect(*args, **options)
        connection.set_trace_callback(self._next)
        return connection

    def _next(self, statement: str) -> None:
        if self.count == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1


@frozen
class Left:
    """What a process left behind.

    :param told: what it told before its end.
    :param killed: whether it was killed.
    """

    path: str
    told: bytes
    killed: bool


def run_process(path: str, fatal: int) -> Left:
    """Make the write in a process of its own, which is killed at a statement."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            statements = Statements(fatal)
            sqlite3.connect = statements.connect  # type: ignore[assignment]
            tell = partial(os.write, write)
            Deferred.fromCoroutine(Process(path).write("a1", tell))
        finally:
            os._exit(0)
    os.close(write)
    told = b"".join(iter(partial(os.read, read, 16), b""))
    os.close(read)
    _, status = os.waitpid(child, 0)
    return Left(path, told, os.WIFSIGNALED(status))


class KilledTests(SynchronousTestCase):
    """One process that is killed at each statement, and one that comes after it."""

    def setUp(self) -> None:
        """Let there be a folder."""
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def test_at_every_statement(self) -> None:
        """The next process opens the database and finds whole records."""
        told: list[bytes] = []
        for fatal in range(1000):
            left = run_process(str(self.folder / f"{fatal}.sqlite3"), fatal)
            self.check(left)
            told.append(left.told)
            if not left.killed:
                break
        self.assertEqual(told[-1], SENT + ENDED)
        self.assertEqual(told, sorted(told, key=len))
        # It was killed before it sent, while it recorded the ending, and after.
        self.assertGreater(told.count(b""), 40)
        self.assertGreater(told.count(SENT), 5)

    def check(self, left: Left) -> None:
        """Compare what the next process finds with what the killed one told."""
        after = Process(left.path)
        owner = owner_of("p1", "w1")
        used = counted(self, after.counters, owner)
        self.assertIn(used, ({}, AMOUNTS))
        confirmed = after.marks.use("confirmation", "m1", NOW + 300)
        is_first = self.successResultOf(confirmed)
        self.successResultOf(after.outcomes.start())
        if left.told == b"":
            return
        self.assertEqual(used, AMOUNTS)
        self.assertFalse(is_first)
        again = act("createLead", id="a2", arguments=LEAD)
        passing = after.outcomes.before(again)
        if ENDED in left.told:
            self.assertIsNone(self.successResultOf(passing))
        else:
            error = self.failureResultOf(passing, AccessRefusedError).value
            assert isinstance(error, AccessRefusedError)
            self.assertEqual(error.code, "outcome_unknown")
