"""The stores of the rails, on the embedded databases."""

from __future__ import annotations

import sqlite3

from attrs import evolve

from instantly_mcp.access.rails.interfaces import ICounters, IMarks, IWriteRecords
from instantly_mcp.access.rails.records import Caps, Reservation, WriteState
from instantly_mcp.state.stores.counters import StoredCounters
from instantly_mcp.state.stores.marks import StoredMarks
from instantly_mcp.state.stores.write_records import StoredWriteRecords
from tests.contract.counters import CountersContract
from tests.contract.marks import NOW, MarksContract
from tests.contract.write_records import RECORD, WriteRecordsContract

from .databases import MemoryCase, SqliteCase


class MarksInMemoryTests(MarksContract, MemoryCase):
    def make_store(self) -> IMarks:
        return StoredMarks(self.database(), lambda: self.now)


class MarksInSqliteTests(MarksContract, SqliteCase):
    def make_store(self) -> IMarks:
        return StoredMarks(self.database(), lambda: self.now)


class CountersInMemoryTests(CountersContract, MemoryCase):
    def make_store(self) -> ICounters:
        return StoredCounters(self.database(), lambda: self.now)


class CountersInSqliteTests(CountersContract, SqliteCase):
    def make_store(self) -> ICounters:
        return StoredCounters(self.database(), lambda: self.now)


class WriteRecordsInMemoryTests(WriteRecordsContract, MemoryCase):
    def make_store(self) -> IWriteRecords:
        return StoredWriteRecords(self.database())


class WriteRecordsInSqliteTests(WriteRecordsContract, SqliteCase):
    def make_store(self) -> IWriteRecords:
        return StoredWriteRecords(self.database())


class CostTests(MemoryCase):
    """What is asked for before each write takes no longer at the end of a long day."""

    def test_room(self) -> None:
        """Whether there is room is found out without fetching each reservation."""
        fetched: list[object] = []
        store = StoredCounters(self.database(), lambda: NOW)
        caps = Caps(daily={"leads": 1000})
        for number in range(100):
            one = Reservation(
                act=f"a{number}", owner="p", call=f"c{number}", amounts={"leads": 1}
            )
            self.assertIsNone(self.successResultOf(store.reserve(one, caps)))

        def fetch(cursor: sqlite3.Cursor, row: tuple[object, ...]) -> object:
            fetched.append(row)
            return row

        def watch(cursor: sqlite3.Cursor) -> None:
            cursor.connection.row_factory = fetch

        self.successResultOf(self.database().run(watch))
        one = Reservation(act="more", owner="p", call="more", amounts={"leads": 1})
        self.assertIsNone(self.successResultOf(store.room(one, caps)))
        self.assertEqual(fetched, [(100,)])


class LimitTests(MemoryCase):
    """Tables do not grow without limit."""

    def test_marks(self) -> None:
        """Expired marks are removed when enough later ones exist, others never."""
        now = NOW
        store = StoredMarks(self.database(), lambda: now, kept=3)
        for number in range(3):
            store.use("a", f"old{number}", NOW + 1)
        store.use("a", "lasting", NOW + 1000)
        now = NOW + 10
        for number in range(3):
            store.use("a", f"new{number}", NOW + 1000)
        # Without the mark it could be used again, were the clock set back.
        now = NOW
        first = [store.use("a", f"old{number}", NOW + 1) for number in range(3)]
        self.assertEqual([one.result for one in first], [True, True, True])
        self.assertFalse(self.successResultOf(store.use("a", "lasting", NOW + 1)))

    def test_writes(self) -> None:
        """Writes that ended are forgotten after enough later ones, in any state."""
        store = StoredWriteRecords(self.database(), kept=2)
        states = (*[WriteState.SENDING] * 2, *[WriteState.UNKNOWN] * 2)
        states = (*states, *[WriteState.DONE] * 3)
        for number, state in enumerate(states):
            record = evolve(RECORD, act=f"a{number}", request=f"r{number}")
            store.begin(record, {})
            store.end(record.act, state)
        everything = dict.fromkeys(WriteState, 0.0)
        found = [
            self.successResultOf(store.latest(f"r{number}", everything))
            for number in range(len(states))
        ]
        kept = [one.act for one in found if one is not None]
        self.assertEqual(kept, ["a0", "a1", "a5", "a6"])


del MarksContract, CountersContract, WriteRecordsContract, MemoryCase, SqliteCase
