"""The session store in memory: the contract, the sweep, costs and logs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import FrameType

from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs
from zope.interface import implementer

from instantly_mcp._credential import SHOWN_CHARACTERS, Credential, Secret
from instantly_mcp._rights import Level, Rights
from instantly_mcp.protocol.calls.session import SessionStatus
from instantly_mcp.protocol.interfaces import ITokenSealer
from instantly_mcp.protocol.wire.versions import V2025_06_18, V2025_11_25
from instantly_mcp.state import sessions
from instantly_mcp.state.sealed_tokens import make_token_sealer
from instantly_mcp.state.sessions import (
    MemorySessionStore,
    SessionLimits,
    make_session_store,
)
from tests.contract import state
from tests.contract.state import ALICE, BOB, IDLE, OpenOutlet
from tests.support.cases import ClockedTestCase

LIMITS = SessionLimits(
    idle_seconds=IDLE,
    adoptable_seconds=state.ADOPTABLE,
    total=state.TOTAL,
    per_principal=state.PER_PRINCIPAL,
)


class MemorySessionStoreTests(state.SessionStoreContract):
    """`MemorySessionStore` keeps the contract."""

    def setUp(self) -> None:
        """Keep what outlives a process in one directory."""
        super().setUp()
        self.state_dir = self.mktemp()
        os.mkdir(self.state_dir)

    def make_store(self) -> MemorySessionStore:
        """Return a store that shares the directory with the other ones."""
        wall = self.clock.seconds
        seal = make_token_sealer(self.state_dir, wall)
        return make_session_store(seal, self.clock, wall, LIMITS, self.state_dir)

    def test_expired_survives_restart(self) -> None:
        """An id that expired has also ended for the next process."""
        store = self.make_store()
        session = store.open(V2025_11_25, ALICE)
        self.clock.advance(IDLE)
        store.sweep()
        self.assertEqual(store.count, 0)
        self.assertIs(self.status(self.make_store(), session), SessionStatus.ENDED)

    def test_level_of_a_later_version(self) -> None:
        """A session with a level that this version does not know may only read."""
        session = self.make_store().open(V2025_11_25, ALICE, Rights(level=Level.DRAFT))
        self.patch(sessions, "_LEVELS", {})
        adopted = self.make_store().adopt(session.id, ALICE)
        assert adopted is not None
        self.assertIs(adopted.rights.level, Level.READ_ONLY)

    def test_release_keeps_ids(self) -> None:
        """Stopping the daemon closes all sessions but ends none of them."""
        store = self.make_store()
        session = store.open(V2025_11_25, ALICE)
        stream = OpenOutlet()
        session.streams.append(stream)
        store.release()
        self.assertTrue(stream.closed)
        self.assertEqual(store.count, 0)
        self.assertIsNotNone(self.make_store().adopt(session.id, ALICE))


class SweepTests(ClockedTestCase):
    """The sweep ends what is idle, and nothing else."""

    def setUp(self) -> None:
        """Make a store."""
        super().setUp()
        self.store = MemorySessionStore(
            seal=make_token_sealer(None, self.clock.seconds),
            clock=self.clock,
            wall=self.clock.seconds,
        )

    def test_ends_the_idle(self) -> None:
        """After half an hour the untouched sessions end, the touched ones stay."""
        idle = self.store.open(V2025_11_25, ALICE)
        touched = self.store.open(V2025_11_25, ALICE)
        self.clock.advance(IDLE - 1)
        touched.touch(self.clock.seconds())
        self.clock.advance(1)
        self.store.sweep()
        self.assertTrue(idle.ended)
        self.assertFalse(touched.ended)
        self.assertEqual(self.store.count, 1)

    def test_events_are_counted(self) -> None:
        """Each event of a session is counted once, under its own name."""
        counted: list[str] = []
        self.store.count_event = counted.append
        self.store.limits = SessionLimits(total=2)
        ended = self.store.open(V2025_11_25, ALICE)
        self.store.end(ended, "deleted by the client")
        self.store.end(ended, "deleted by the client")
        evicted = self.store.open(V2025_11_25, ALICE)
        self.clock.advance(1)
        self.store.open(V2025_11_25, BOB)
        self.clock.advance(1)
        self.store.open(V2025_11_25, BOB)
        self.clock.advance(1)
        self.assertIsNotNone(self.store.adopt(evicted.id, ALICE))
        self.clock.advance(IDLE - 1)
        self.store.sweep()
        self.store.release()
        self.assertEqual(
            counted[:5], ["opened", "ended", "opened", "opened", "evicted"]
        )
        self.assertEqual(counted[5:8], ["opened", "evicted", "adopted"])
        self.assertEqual(counted[8:], ["expired", "released"])

    def test_streams_are_activity(self) -> None:
        """A session with an open stream outlives any idle time, then gets its own."""
        session = self.store.open(V2025_11_25, ALICE)
        stream = OpenOutlet()
        session.streams.append(stream)
        for _ in range(10):
            self.clock.advance(IDLE)
            self.store.sweep()
        self.assertFalse(session.ended)
        session.streams.remove(stream)
        self.clock.advance(IDLE)
        self.store.sweep()
        self.assertTrue(session.ended)

    def test_calls_are_activity(self) -> None:
        """A session with a running call is not ended, nor is it found expired."""
        session = self.store.open(V2025_11_25, ALICE)
        session.calls["slow"] = Deferred()
        self.clock.advance(2 * IDLE)
        self.assertIs(self.store.look_up(session.id).status, SessionStatus.LIVE)
        self.store.sweep()
        self.assertFalse(session.ended)

    def test_empty(self) -> None:
        """There may be nothing to sweep."""
        self.store.sweep()
        self.assertEqual(self.store.count, 0)

    def test_wall_clock_steps(self) -> None:
        """A wall clock that jumps by an hour ends no session."""
        wall = [1_000_000.0]
        store = MemorySessionStore(
            seal=make_token_sealer(None, lambda: wall[0]),
            clock=self.clock,
            wall=lambda: wall[0],
        )
        session = store.open(V2025_11_25, ALICE)
        for step in (-3600.0, 7200.0):
            wall[0] += step
            store.sweep()
            self.assertIs(store.look_up(session.id).status, SessionStatus.LIVE)

    def test_unknown_revision(self) -> None:
        """An id sealed for a revision that this version does not know is FOREIGN."""
        session = self.store.open(V2025_06_18, ALICE)
        payload = self.store.seal.unseal("session", session.id)
        assert payload is not None
        strange = self.store.seal.seal("session", b"1999-12-31" + payload[10:])
        self.assertIs(self.store.look_up(strange).status, SessionStatus.FOREIGN)

    def test_other_purpose(self) -> None:
        """A token that was sealed for another purpose is not a session id."""
        session = self.store.open(V2025_06_18, ALICE)
        payload = self.store.seal.unseal("session", session.id)
        assert payload is not None
        token = self.store.seal.seal("cursor", payload)
        self.assertIs(self.store.look_up(token).status, SessionStatus.FOREIGN)

    def test_lines(self) -> None:
        """The log line shows as much of a principal as the access log does."""
        with capturedLogs() as events:
            for credential in (None, ALICE):
                self.store.open(V2025_11_25, credential)
        shown = [event["principal"] for event in events]
        self.assertEqual(shown, ["anonymous", ALICE.principal[:SHOWN_CHARACTERS]])

    def test_one_principal(self) -> None:
        """The sessions of one principal are disconnected, or ended, and no others."""
        sessions = [self.store.open(V2025_11_25, each) for each in (ALICE, BOB)]
        streams = [OpenOutlet() for _ in sessions]
        for session, stream in zip(sessions, streams, strict=True):
            session.connected(stream)
        self.store.disconnect(ALICE.principal.__eq__)
        self.assertEqual([stream.closed for stream in streams], [True, False])
        self.assertEqual(self.store.count, 2)
        self.store.end_all(ALICE.principal.__eq__, "revoked")
        states = [self.store.look_up(each.id).status for each in sessions]
        self.assertEqual(states, [SessionStatus.ENDED, SessionStatus.LIVE])

    def test_canary_in_no_log(self) -> None:
        """Neither keys nor session ids appear in any log event."""
        canary = Credential(secret=Secret("canary-key-7f3a9c"), source="path")
        with capturedLogs() as events:
            session = self.store.open(V2025_11_25, canary)
            self.store.end(session, "deleted")
        self.assertGreaterEqual(len(events), 2)
        self.assertNotIn("canary-key-7f3a9c", repr(events))
        self.assertNotIn(session.id, repr(events))


class ScaleTests(ClockedTestCase):
    """The cost of a request when many sessions are held."""

    def test_ids_have_no_structure(self) -> None:
        """Ten thousand ids of one second differ, also in their random part."""
        store = MemorySessionStore(
            seal=make_token_sealer(None, self.clock.seconds),
            clock=self.clock,
            wall=self.clock.seconds,
        )
        ids = [store.open(V2025_11_25, ALICE).id for _ in range(10_000)]
        self.assertEqual(len(set(ids)), 10_000)
        # Behind version and time nothing of an id is predictable: in each position
        # the most frequent character is about as frequent as any other.
        for position in range(16, 60):
            column = [id[position] for id in ids]
            most = max(column.count(character) for character in set(column))
            self.assertLess(most, 400)

    def test_flood_stays_bounded(self) -> None:
        """A flood of sessions does not exceed the limit, nor does the heap."""
        limits = SessionLimits(total=200, per_principal=50)
        store = MemorySessionStore(
            seal=make_token_sealer(None, self.clock.seconds),
            clock=self.clock,
            wall=self.clock.seconds,
            limits=limits,
        )
        victim = store.open(V2025_11_25, BOB)
        for _ in range(2000):
            store.open(V2025_11_25, ALICE)
        self.assertEqual(store.count, 51)
        self.assertIs(store.look_up(victim.id).session, victim)

    def test_100000_sessions(self) -> None:
        """Opening, finding and ending take as many steps with 100,000 sessions held."""
        limits = SessionLimits(total=200_000, per_principal=200_000)
        store = MemorySessionStore(
            seal=_CountingSeal(),
            clock=self.clock,
            wall=self.clock.seconds,
            limits=limits,
        )

        def live() -> None:
            session = store.open(V2025_11_25, ALICE)
            store.look_up(session.id)
            store.sweep()
            store.end(session, "done")

        live()
        few = _steps(live)
        for _ in range(100_000):
            store.open(V2025_11_25, ALICE)
        self.assertLessEqual(_steps(live), few + 5)


def _steps(work: Callable[[], None]) -> int:
    """Return how many calls of functions `work` makes: cost without a clock."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


@implementer(ITokenSealer)
class _CountingSeal:
    """Seals by counting, so that only the store is measured."""

    def __init__(self) -> None:
        self._count = 0

    def seal(self, purpose: str, payload: bytes) -> str:
        """Return the next number."""
        self._count += 1
        return f"{purpose}-{self._count}"

    def unseal(self, purpose: str, token: str) -> bytes | None:
        """Open nothing."""
        return None
