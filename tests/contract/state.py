"""The behavior of every session store and every admission limit.

Abstract test cases: a concrete one derives from one of them and implements the method
that creates the object under test. Time is always the driven clock.
"""

from __future__ import annotations

from abc import abstractmethod

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from zope.interface import implementer
from zope.interface.verify import verifyObject

from instantly_mcp._credential import Credential, Secret
from instantly_mcp._json_codec import JsonObject
from instantly_mcp._rights import ALL_RIGHTS, Level, Rights
from instantly_mcp.pipeline.interfaces import IAdmissionLimit
from instantly_mcp.protocol.calls.session import (
    ISessionStore,
    McpSession,
    SessionStatus,
)
from instantly_mcp.protocol.interfaces import INotificationSink
from instantly_mcp.protocol.wire.versions import V2024_11_05, V2025_11_25
from tests.support.cases import ClockedTestCase

IDLE = 1800.0
ADOPTABLE = 30 * 86400.0
TOTAL = 4
PER_PRINCIPAL = 2

ALICE = Credential(secret=Secret("alice-key-0123456789"), source="authorization")
BOB = Credential(secret=Secret("bob-key-9876543210"), source="path")
CAROL = Credential(secret=Secret("carol-key-5555555555"), source="query")


@implementer(INotificationSink)
class OpenOutlet:
    """A sink that records whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    def send(self, message: JsonObject) -> None:
        """Drop the message."""

    def close(self) -> None:
        """Record it."""
        self.closed = True

    def interrupt(self) -> None:
        """Do nothing: the stream is never resumed."""


class SessionStoreContract(ClockedTestCase):
    """Tests of a session store; `make_store` applies the limits of this module.

    Two stores of one test share their sealing key and their persistent state, as a
    daemon and the same daemon after a restart do.
    """

    @abstractmethod
    def make_store(self) -> ISessionStore:
        """Return a fresh store whose clock and wall clock are `self.clock`."""

    def status(self, store: ISessionStore, session: McpSession) -> SessionStatus:
        """Return the status of the session's id in a store."""
        return store.look_up(session.id).status

    def test_provides_interface(self) -> None:
        """The store provides ISessionStore."""
        self.assertTrue(verifyObject(ISessionStore, self.make_store()))

    def test_opens_and_finds(self) -> None:
        """An opened session is found live, as the same object, and counted."""
        store = self.make_store()
        session = store.open(V2025_11_25, ALICE)
        lookup = store.look_up(session.id)
        self.assertIs(lookup.status, SessionStatus.LIVE)
        self.assertIs(lookup.session, session)
        self.assertIs(session.revision, V2025_11_25)
        self.assertEqual(session.principal, ALICE.principal)
        self.assertEqual(store.count, 1)

    def test_ids_are_visible_ascii(self) -> None:
        """An id is visible ASCII that a URL and a header carry unescaped."""
        id = self.make_store().open(V2025_11_25, None).id
        self.assertRegex(id, r"\A[A-Za-z0-9_-]{32,400}\Z")

    def test_ids_differ(self) -> None:
        """Two sessions of one principal in one second have different ids."""
        store = self.make_store()
        self.assertNotEqual(
            store.open(V2025_11_25, ALICE).id, store.open(V2025_11_25, ALICE).id
        )

    def test_rights(self) -> None:
        """A session has the rights it was opened with, in the next process as well."""
        for rights in (
            ALL_RIGHTS,
            Rights(level=Level.READ_ONLY),
            Rights(toolsets=("leads", "server")),
            Rights(level=Level.DRAFT, toolsets=()),
            Rights(level=Level.DRAFT, toolsets=("leads",)),
        ):
            with self.subTest(rights=rights):
                session = self.make_store().open(V2025_11_25, ALICE, rights)
                self.assertEqual(session.rights, rights)
                adopted = self.make_store().adopt(session.id, ALICE)
                assert adopted is not None
                self.assertEqual(adopted.rights, rights)
                self.assertEqual(adopted.principal, ALICE.principal)

    def test_ended_stays_ended(self) -> None:
        """A session that was ended is ENDED here and in the next process."""
        store = self.make_store()
        session = store.open(V2025_11_25, ALICE)
        store.end(session, "deleted")
        self.assertIs(self.status(store, session), SessionStatus.ENDED)
        self.assertIsNone(store.adopt(session.id, ALICE))
        after_restart = self.make_store()
        self.assertIs(self.status(after_restart, session), SessionStatus.ENDED)
        self.assertEqual(store.count, 0)

    def test_ending_closes(self) -> None:
        """Ending a session cancels its calls and closes its streams."""
        store = self.make_store()
        session = store.open(V2025_11_25, ALICE)
        call: Deferred[object] = Deferred()
        stream = OpenOutlet()
        session.calls[1] = call
        session.streams.append(stream)
        store.end(session, "deleted")
        self.failureResultOf(call, CancelledError)
        self.assertTrue(stream.closed)
        self.assertTrue(session.ended)

    def test_ending_twice(self) -> None:
        """Ending an ended session changes nothing."""
        store = self.make_store()
        session = store.open(V2025_11_25, ALICE)
        store.end(session, "deleted")
        store.end(session, "deleted")
        self.assertEqual(store.count, 0)

    def test_foreign(self) -> None:
        """Texts that this server did not issue are FOREIGN."""
        store = self.make_store()
        uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"
        for text in ("", "x", uuid, "gAAAAA" + "A" * 150, "é" * 40, "a" * 100_000):
            self.assertIs(store.look_up(text).status, SessionStatus.FOREIGN)
            self.assertIsNone(store.adopt(text, ALICE))

    def test_sealed_after_restart(self) -> None:
        """After a restart, an id is restored for its principal, with its revision."""
        session = self.make_store().open(V2024_11_05, ALICE)
        store = self.make_store()
        self.assertIs(self.status(store, session), SessionStatus.SEALED)
        adopted = store.adopt(session.id, ALICE)
        assert adopted is not None
        self.assertEqual(adopted.id, session.id)
        self.assertIs(adopted.revision, V2024_11_05)
        self.assertIs(store.look_up(session.id).session, adopted)

    def test_adoption_demands_the_principal(self) -> None:
        """Only its principal can restore a sealed id, no other and no anonymous one."""
        session = self.make_store().open(V2025_11_25, ALICE)
        store = self.make_store()
        self.assertIsNone(store.adopt(session.id, BOB))
        self.assertIsNone(store.adopt(session.id, None))
        self.assertIs(self.status(store, session), SessionStatus.SEALED)

    def test_anonymous_adoption(self) -> None:
        """An anonymous session is adopted by an anonymous caller only."""
        session = self.make_store().open(V2025_11_25, None)
        store = self.make_store()
        self.assertIsNone(store.adopt(session.id, ALICE))
        self.assertIsNotNone(store.adopt(session.id, None))

    def test_adopting_what_is_held(self) -> None:
        """Adopting a live id returns the live session, to its principal only."""
        store = self.make_store()
        session = store.open(V2025_11_25, ALICE)
        self.assertIs(store.adopt(session.id, ALICE), session)
        self.assertIsNone(store.adopt(session.id, BOB))

    def test_expires_at_once(self) -> None:
        """A session that was idle for the whole time is ENDED before any sweep."""
        store = self.make_store()
        session = store.open(V2025_11_25, ALICE)
        self.clock.advance(IDLE - 1)
        self.assertIs(self.status(store, session), SessionStatus.LIVE)
        self.clock.advance(1)
        self.assertIs(self.status(store, session), SessionStatus.ENDED)

    def test_touch_keeps_alive(self) -> None:
        """A used session is kept for the whole idle time from then on."""
        store = self.make_store()
        session = store.open(V2025_11_25, ALICE)
        self.clock.advance(IDLE - 1)
        session.touch(self.clock.seconds())
        self.clock.advance(IDLE - 1)
        self.assertIs(self.status(store, session), SessionStatus.LIVE)

    def test_old_ids_are_not_adopted(self) -> None:
        """A sealed id older than a month is expired, for its owner too."""
        session = self.make_store().open(V2025_11_25, ALICE)
        self.clock.advance(ADOPTABLE + 1)
        store = self.make_store()
        self.assertIs(self.status(store, session), SessionStatus.ENDED)
        self.assertIsNone(store.adopt(session.id, ALICE))

    def test_cap_per_principal(self) -> None:
        """At its limit a principal loses its own longest-idle session, no other."""
        store = self.make_store()
        other = store.open(V2025_11_25, BOB)
        self.clock.advance(1)
        first = store.open(V2025_11_25, ALICE)
        self.clock.advance(1)
        second = store.open(V2025_11_25, ALICE)
        first.touch(self.clock.seconds() + 1)
        self.clock.advance(2)
        third = store.open(V2025_11_25, ALICE)
        self.assertEqual(
            [self.status(store, one) for one in (other, first, second, third)],
            [
                SessionStatus.LIVE,
                SessionStatus.LIVE,
                SessionStatus.SEALED,
                SessionStatus.LIVE,
            ],
        )
        self.assertEqual(store.count, 3)

    def test_cap_in_total(self) -> None:
        """At the limit of all sessions the longest-idle one of any principal ends."""
        store = self.make_store()
        opened = []
        for credential in (ALICE, BOB, ALICE, BOB):
            opened.append(store.open(V2025_11_25, credential))
            self.clock.advance(1)
        opened[0].touch(self.clock.seconds())
        store.open(V2025_11_25, CAROL)
        self.assertEqual(
            [self.status(store, session) for session in opened],
            [
                SessionStatus.LIVE,
                SessionStatus.SEALED,
                SessionStatus.LIVE,
                SessionStatus.LIVE,
            ],
        )
        self.assertEqual(store.count, TOTAL)

    def test_busy_sessions_are_kept(self) -> None:
        """A session with an open stream or a running call is not the one that ends."""
        store = self.make_store()
        streaming = store.open(V2025_11_25, ALICE)
        streaming.streams.append(OpenOutlet())
        self.clock.advance(1)
        idle = store.open(V2025_11_25, ALICE)
        self.clock.advance(1)
        store.open(V2025_11_25, ALICE)
        self.assertIs(self.status(store, streaming), SessionStatus.LIVE)
        self.assertIs(self.status(store, idle), SessionStatus.SEALED)

    def test_evicted_come_back(self) -> None:
        """A session that ended at the limit is adopted when its client returns."""
        store = self.make_store()
        evicted = store.open(V2025_11_25, ALICE)
        self.clock.advance(1)
        store.open(V2025_11_25, ALICE)
        store.open(V2025_11_25, ALICE)
        self.assertTrue(evicted.ended)
        self.assertIsNotNone(store.adopt(evicted.id, ALICE))


class AdmissionLimitContract(ClockedTestCase):
    """Tests of an admission limit; `make_limit` creates one."""

    @abstractmethod
    def make_limit(self, limit: int, clock: Clock) -> IAdmissionLimit:
        """Return a limit that grants `limit` requests a minute to each key."""

    def burst(self, limiter: IAdmissionLimit, key: str, tries: int) -> int:
        """Return how many of `tries` requests at this moment are granted."""
        return sum(limiter.take(key).granted for _ in range(tries))

    def test_provides_interface(self) -> None:
        """The limit provides IAdmissionLimit and has its limit as an attribute."""
        limiter = self.make_limit(100, self.clock)
        self.assertTrue(verifyObject(IAdmissionLimit, limiter))
        self.assertEqual(limiter.limit, 100)

    def test_grants_the_limit(self) -> None:
        """A key may send its whole limit at once, and not one more."""
        limiter = self.make_limit(100, self.clock)
        self.assertEqual(self.burst(limiter, "key", 150), 100)

    def test_all_or_none(self) -> None:
        """Several tokens are taken together or not at all; the wait is for all."""
        limiter = self.make_limit(60, self.clock)
        self.assertTrue(limiter.take("key", 50).granted)
        refused = limiter.take("key", 20)
        self.assertFalse(refused.granted)
        self.assertAlmostEqual(refused.retry_after, 10.0, places=3)
        self.assertEqual(self.burst(limiter, "key", 20), 10)
        self.clock.advance(60.001)
        self.assertTrue(limiter.take("key", 60).granted)
        self.assertFalse(limiter.take("key").granted)

    def test_keys_are_apart(self) -> None:
        """Each key has its own limit."""
        limiter = self.make_limit(5, self.clock)
        self.burst(limiter, "greedy", 10)
        self.assertEqual(self.burst(limiter, "modest", 10), 5)

    def test_says_when(self) -> None:
        """After the time in a refusal a request is granted, and not before."""
        limiter = self.make_limit(60, self.clock)
        self.burst(limiter, "key", 60)
        wait = limiter.take("key").retry_after
        self.assertAlmostEqual(wait, 1.0, places=3)
        self.clock.advance(wait - 0.01)
        self.assertFalse(limiter.take("key").granted)
        self.clock.advance(0.011)
        self.assertTrue(limiter.take("key").granted)

    def test_no_double_burst(self) -> None:
        """Within any second at most the limit and one second's refill is granted."""
        limiter = self.make_limit(120, self.clock)
        self.clock.advance(59.5)
        before = self.burst(limiter, "key", 500)
        self.clock.advance(1)
        self.assertLessEqual(before + self.burst(limiter, "key", 500), 122)

    def test_refills(self) -> None:
        """A minute after a burst the whole limit is available again, and no more."""
        limiter = self.make_limit(10, self.clock)
        self.burst(limiter, "key", 10)
        self.clock.advance(60)
        self.assertEqual(self.burst(limiter, "key", 50), 10)
        self.clock.advance(3600)
        self.assertEqual(self.burst(limiter, "key", 50), 10)

    def test_refusals_cost_nothing(self) -> None:
        """Refused requests do not extend the time of refusal."""
        limiter = self.make_limit(60, self.clock)
        self.burst(limiter, "key", 10_000)
        self.clock.advance(1.001)
        self.assertTrue(limiter.take("key").granted)

    def test_no_limit(self) -> None:
        """A limit of 0 grants everything."""
        self.assertEqual(self.burst(self.make_limit(0, self.clock), "key", 999), 999)
