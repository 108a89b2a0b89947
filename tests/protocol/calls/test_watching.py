"""Watches: one for all who subscribe, ended with the last of them."""

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.protocol.calls.watching import MAX_WATCHES, Unsubscribe, Watches
from tests.support.toolboxes import Fault


class Started:
    """Watches that a test starts, and ends when it likes."""

    def __init__(self) -> None:
        self.running: list[Deferred[None]] = []
        self.cancelled = 0

    def __call__(self) -> Deferred[None]:
        """Start one."""
        self.running.append(Deferred(self._cancelled))
        return self.running[-1]

    def _cancelled(self, work: Deferred[None]) -> None:
        self.cancelled += 1


class WatchesTests(SynchronousTestCase):
    def setUp(self) -> None:
        """There are no watches at first."""
        self.watches = Watches()
        self.started = Started()

    def join(self, uri: str = "u", principal: str = "ada") -> Unsubscribe:
        """Subscribe."""
        return self.watches.join(uri, principal, self.started)

    def test_one_for_all(self) -> None:
        """All subscribers of a principal share one watch; the last one ends it."""
        first, second = self.join(), self.join()
        self.assertEqual(len(self.started.running), 1)
        first()
        self.assertEqual((self.watches.count, self.started.cancelled), (1, 0))
        second()
        self.assertEqual((self.watches.count, self.started.cancelled), (0, 1))

    def test_leaving_twice(self) -> None:
        """Leaving twice does not end the subscription of another client."""
        first, _ = self.join(), self.join()
        first()
        first()
        self.assertEqual((self.watches.count, self.started.cancelled), (1, 0))

    def test_principals_and_uris_are_apart(self) -> None:
        """Each principal, and each resource, has a watch of its own."""
        leaves = [self.join(), self.join(principal="bob"), self.join("v")]
        self.assertEqual(self.watches.count, 3)
        leaves[1]()
        self.assertEqual((self.watches.count, self.started.cancelled), (2, 1))

    def test_ends_by_itself(self) -> None:
        """A watch that is over is forgotten; who subscribes later starts another."""
        leave = self.join()
        self.started.running[0].callback(None)
        self.assertEqual(self.watches.count, 0)
        self.join()
        self.assertEqual((self.watches.count, len(self.started.running)), (1, 2))
        leave()
        self.assertEqual(self.watches.count, 1)

    def test_over_at_once(self) -> None:
        """A watch may be over before anybody waits for it."""
        leave = self.watches.join("u", "ada", lambda: succeed(None))
        self.assertEqual(self.watches.count, 0)
        leave()

    def test_bug(self) -> None:
        """A watch that fails is logged and over; subscribers are not concerned."""

        def broken() -> Deferred[None]:
            raise Fault("a bug")

        leave = self.watches.join("u", "ada", broken)
        self.assertEqual(len(self.flushLoggedErrors(Fault)), 1)
        leave()
        self.assertEqual(self.watches.count, 0)

    def test_bounded(self) -> None:
        """Beyond the limit a watch waits; other principals are not affected."""
        leaves = [self.join(f"u{n}") for n in range(MAX_WATCHES + 2)]
        self.assertEqual(self.watches.count, MAX_WATCHES)
        self.join(principal="bob")
        self.assertEqual(self.watches.count, MAX_WATCHES + 1)
        leaves[-1]()
        self.assertEqual(len(self.started.running), MAX_WATCHES + 1)
        self.started.running[0].callback(None)
        self.assertEqual(len(self.started.running), MAX_WATCHES + 2)
        leaves[1]()
        self.assertEqual(self.watches.count, MAX_WATCHES)

    def test_closed(self) -> None:
        """When the daemon stops they are all cancelled, and none begins after that."""
        leaves = [self.join(f"u{n}") for n in range(MAX_WATCHES + 1)]
        self.watches.close()
        self.assertEqual(self.watches.count, 0)
        self.assertEqual(self.started.cancelled, MAX_WATCHES)
        self.assertEqual(len(self.started.running), MAX_WATCHES)
        for leave in leaves:
            leave()


class WatchesMachine(RuleBasedStateMachine):
    """In any order of events, exactly the watches with subscribers run."""

    def __init__(self) -> None:
        super().__init__()
        self.watches = Watches()
        self.joined: list[tuple[str, int, Unsubscribe]] = []
        self.running: dict[str, Deferred[None]] = {}
        self.over: Counter[str] = Counter()

    @rule(uri=st.sampled_from("abcdefghijklmnopqrst"))
    def join(self, uri: str) -> None:
        """Subscribe."""

        def start() -> Deferred[None]:
            assert uri not in self.running
            work: Deferred[None] = Deferred()
            self.running[uri] = work
            return work.addBoth(lambda _: self._ended(uri))

        leave = self.watches.join(uri, "ada", start)
        self.joined.append((uri, self.over[uri], leave))

    def _ended(self, uri: str) -> None:
        del self.running[uri]

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """Subscribe no more."""
        if self.joined:
            place = data.draw(st.integers(0, len(self.joined) - 1))
            self.joined.pop(place)[2]()

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        """Let a watch be over, and its subscribers stay."""
        if self.running:
            uri = data.draw(st.sampled_from(sorted(self.running)))
            self.over[uri] += 1
            self.running[uri].callback(None)

    @invariant()
    def runs_what_is_watched(self) -> None:
        """Only watches with subscribers run, and not more than the limit."""
        watched = {uri for uri, over, _ in self.joined if over == self.over[uri]}
        assert set(self.running) <= watched
        assert self.watches.count == len(self.running)
        assert len(self.running) <= MAX_WATCHES
        waiting = watched - set(self.running)
        assert not waiting or len(self.running) == MAX_WATCHES


class WatchesMachineTests(SynchronousTestCase):
    def test_machine(self) -> None:
        """The machine above finds no order of events that breaks the rules."""
        run_state_machine_as_test(WatchesMachine)
