"""The behavior of every store of write records."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.access.rails.interfaces import IWriteRecords
from instantly_mcp.access.rails.records import WriteRecord, WriteState

NOW = 1.8e9
UNKNOWN = frozenset({WriteState.UNKNOWN})

RECORD = WriteRecord(
    act="a1",
    request="r1",
    owner="o1",
    operation="replyToEmail",
    at=NOW,
)


class WriteRecordsContract(SynchronousTestCase):
    """Tests of a store of write records."""

    @abstractmethod
    def make_store(self) -> IWriteRecords:
        """Return a store on the same persistent state."""

    def begin(
        self, refuse: Collection[WriteState] = UNKNOWN, **changes: Any
    ) -> WriteRecord | None:
        """Record a write in a store that was just made, as after a restart."""
        record = evolve(RECORD, **changes)
        against = dict.fromkeys(refuse, NOW - 600)
        begun = self.make_store().begin(record, against)
        return self.successResultOf(begun)

    def end(self, state: WriteState, act: str = "a1") -> None:
        """Note an ending."""
        self.assertIsNone(self.successResultOf(self.make_store().end(act, state)))

    def recover(self) -> int:
        """Do what a daemon does when it starts."""
        return self.successResultOf(self.make_store().recover())

    def unknown(self, since: float = NOW - 600) -> list[tuple[str, str]]:
        """Return whose writes, of which operations, are unknown."""
        found = self.successResultOf(self.make_store().unknown_since(since))
        return sorted((owner, operation) for owner, operation in found)

    def look(self, *operations: str, owner: str = "o1", before: float = NOW + 1) -> int:
        """Note that a caller looked."""
        looked = self.make_store().look(owner, operations, before)
        return self.successResultOf(looked)

    def test_interface(self) -> None:
        """The store provides its interface."""
        self.assertTrue(verifyObject(IWriteRecords, self.make_store()))

    def test_unknown(self) -> None:
        """A write of unknown outcome stands against an equal one, with its facts."""
        self.assertIsNone(self.begin())
        self.end(WriteState.UNKNOWN)
        self.assertEqual(self.begin(act="a2"), evolve(RECORD, state=WriteState.UNKNOWN))
        self.assertEqual(self.unknown(), [("o1", "replyToEmail")])

    def test_other_requests(self) -> None:
        """It stands against no other request."""
        self.begin()
        self.end(WriteState.UNKNOWN)
        self.assertIsNone(self.begin(act="a2", request="r2"))

    def test_each_state(self) -> None:
        """Only the states that are named stand against an equal write."""
        for number, state in enumerate(WriteState):
            request, act = f"r{number}x", f"a{number}x"
            self.begin(request=request, act=act)
            self.end(state, act)
            others = frozenset(WriteState) - {state}
            self.assertIsNone(self.begin(others, request=request, act=f"{act}2"))

    def test_settled_is_forgotten(self) -> None:
        """Nothing is left of a write that is settled."""
        self.begin()
        self.end(WriteState.SETTLED)
        self.assertIsNone(self.begin(frozenset(WriteState), act="a2"))

    def test_since(self) -> None:
        """A write from before the time that matters does not stand against anything."""
        self.begin(at=NOW - 601)
        self.end(WriteState.UNKNOWN)
        self.assertIsNone(self.begin(act="a2"))

    def test_process_that_ended(self) -> None:
        """What was being sent when the process ended is unknown after the start."""
        self.begin()
        self.begin(act="a2", request="r2")
        self.end(WriteState.DONE, "a2")
        self.assertEqual(self.recover(), 1)
        self.assertEqual(self.unknown(), [("o1", "replyToEmail")])
        self.assertEqual(self.recover(), 0)
        self.assertIsNotNone(self.begin(act="a3"))

    def test_done(self) -> None:
        """The latest write that took effect can be found."""
        for act, at in (("a1", NOW - 50), ("a2", NOW - 20)):
            self.begin(act=act, at=at)
            self.end(WriteState.DONE, act)
        found = self.latest("r1", NOW - 600)
        assert found is not None
        self.assertEqual((found.act, found.at), ("a2", NOW - 20))
        self.assertIsNone(self.latest("r1", NOW - 20))
        self.assertIsNone(self.latest("r2", NOW - 600))

    def latest(self, request: str, since: float) -> WriteRecord | None:
        """Return the latest write of a request that took effect."""
        states = {WriteState.DONE: since}
        return self.successResultOf(self.make_store().latest(request, states))

    def test_time_of_each_state(self) -> None:
        """Each state that stands against a write has a time of its own."""
        self.begin(at=NOW - 100)
        self.end(WriteState.UNKNOWN)
        store = self.make_store()
        for states in (
            {WriteState.UNKNOWN: NOW - 50, WriteState.DONE: NOW - 500},
            {WriteState.DONE: NOW - 500},
            {},
        ):
            self.assertIsNone(self.successResultOf(store.latest("r1", states)))
        both = {WriteState.UNKNOWN: NOW - 500, WriteState.DONE: NOW - 50}
        self.assertIsNotNone(self.successResultOf(store.latest("r1", both)))

    def test_looked_at(self) -> None:
        """After its caller looked, an equal write passes once and settles it."""
        self.begin()
        self.end(WriteState.UNKNOWN)
        self.assertEqual(self.look("replyToEmail", "createLead"), 0)
        self.assertEqual(self.unknown(), [])
        self.assertIsNone(self.begin(act="a2"))
        self.end(WriteState.UNKNOWN, "a2")
        self.assertIsNotNone(self.begin(act="a3"))

    def test_looked_elsewhere(self) -> None:
        """Looking elsewhere, for another owner or too early settles nothing."""
        self.begin()
        self.assertEqual(self.look("replyToEmail"), 0)
        self.end(WriteState.UNKNOWN)
        self.assertEqual(self.look("createLead"), 0)
        self.assertEqual(self.look(), 0)
        self.assertEqual(self.look("replyToEmail", owner="o2"), 0)
        self.assertEqual(self.look("replyToEmail", before=NOW), 1)
        self.assertIsNotNone(self.begin(act="a2"))

    def test_left_after_a_look(self) -> None:
        """A look says how many writes of its operations are still unknown."""
        for number, operation in enumerate(["createLead"] * 3 + ["replyToEmail"]):
            act = f"a{number}"
            self.begin(act=act, request=act, operation=operation, at=NOW + number)
            self.end(WriteState.UNKNOWN, act)
        self.assertEqual(self.look("createLead", before=NOW + 1), 2)
        self.assertEqual(self.look("createLead", before=NOW + 3), 0)

    def test_unknown_since(self) -> None:
        """Owner and operation of unknown writes are listed once, without old ones."""
        for number, owner in enumerate(("o1", "o2", "o1", "o3")):
            act, at = f"a{number}", NOW - 200 * number
            self.begin(act=act, request=act, owner=owner, at=at)
            self.end(WriteState.UNKNOWN, act)
        both = [("o1", "replyToEmail"), ("o2", "replyToEmail")]
        self.assertEqual(self.unknown(NOW - 600), both)
        self.assertEqual(self.unknown(NOW - 200), both[:1])
