"""The throttle: exact windows, a fair queue, limited waits and limited memory."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from instantly_mcp.api.pace.throttle import Lane, Throttle, ThrottleExceeded
from instantly_mcp.catalog.operation import Limit
from tests.support.cases import ClockedTestCase

from ..builders import LIST, LIST_EMAILS

TWO_A_SECOND = Limit(calls=2, seconds=1.0)


class RestlessClock(Clock):
    """A clock whose time advances each time it is read."""

    def seconds(self) -> float:
        self.rightNow += 0.0001
        return super().seconds()


class PassingTimeTests(ClockedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = RestlessClock()
        self.lane = Lane(TWO_A_SECOND, self.clock)

    def enter(self) -> Deferred[None] | None:
        """Enter with patience for five seconds."""
        return self.lane.enter(self.clock.seconds() + 5.0)

    def test_at_once(self) -> None:
        """A call goes at once although time passes while the clock is read."""
        self.assertIsNone(self.enter())

    def test_in_turn(self) -> None:
        """A call that has to wait goes in the second in which its slot is free."""
        self.enter()
        self.enter()
        turn = self.enter()
        assert turn is not None
        self.assertNoResult(turn)
        self.clock.advance(1.0)
        self.successResultOf(turn)


class LaneTests(ClockedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.lane = Lane(TWO_A_SECOND, self.clock)
        self.order: list[str] = []

    def enter(self, name: str, patience: float = 5.0) -> Deferred[None] | None:
        """Enter, and note the name when it is its turn."""
        turn = self.lane.enter(self.clock.seconds() + patience)
        if turn is None:
            self.order.append(name)
        else:
            turn.addCallback(lambda _: self.order.append(name))
        return turn

    def test_at_once(self) -> None:
        """While the window has room a call goes at once and leaves no timer."""
        self.enter("a")
        self.enter("b")
        self.assertEqual(self.order, ["a", "b"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_in_order(self) -> None:
        """Calls that wait go in the order in which they came."""
        for name in "abcdef":
            self.enter(name)
        self.assertEqual(self.order, ["a", "b"])
        self.assertEqual(self.lane.waiting, 4)
        self.clock.advance(1)
        self.assertEqual(self.order, ["a", "b", "c", "d"])
        self.clock.advance(1)
        self.assertEqual(self.order, list("abcdef"))

    def test_no_overtaking(self) -> None:
        """A new call does not go before the calls that wait."""
        for name in "abc":
            self.enter(name)
        self.clock.advance(1)
        self.enter("d")
        self.enter("e")
        self.assertEqual(self.order, ["a", "b", "c", "d"])
        self.clock.advance(1)
        self.assertEqual(self.order, list("abcde"))

    def test_too_long(self) -> None:
        """A wait above the patience is refused at once, with the seconds."""
        for name in "abcdefghijkl":
            self.enter(name)
        exceeded = self.assertRaises(ThrottleExceeded, self.enter, "m")
        self.assertEqual((exceeded.seconds, exceeded.limit), (6.0, TWO_A_SECOND))
        self.clock.pump([1] * 5)
        self.assertEqual(self.order, list("abcdefghijkl"))

    def test_cancelled(self) -> None:
        """When a call leaves the queue, those after it go earlier."""
        turns = {name: self.enter(name) for name in "abcde"}
        for name in "cd":
            turn = turns[name]
            assert turn is not None
            turn.cancel()
            self.failureResultOf(turn, CancelledError)
        self.clock.advance(1)
        self.assertEqual(self.order, ["a", "b", "e"])

    def test_last_one_leaves(self) -> None:
        """When the queue is empty no timer is left."""
        for name in "ab":
            self.enter(name)
        turn = self.enter("c")
        assert turn is not None
        turn.cancel()
        self.failureResultOf(turn, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_slow_down(self) -> None:
        """After a 429 the lane pauses, then runs in half its width, then recovers."""
        self.lane.slow_down(2.0)
        for name in "abc":
            self.enter(name)
        self.clock.advance(1.9)
        self.assertEqual(self.order, [])
        self.clock.advance(0.1)
        self.assertEqual(self.order, ["a"])
        self.clock.pump([1, 1])
        self.assertEqual(self.order, list("abc"))
        self.clock.advance(100)
        self.enter("d")
        self.enter("e")
        self.assertEqual(self.order, list("abcde"))

    def test_slow_down_turns_away(self) -> None:
        """Calls whose turn would now come too late fail, and report how long."""
        for name in "ab":
            self.enter(name)
        turn = self.enter("c")
        assert turn is not None
        self.lane.slow_down(30.0)
        exceeded = self.failureResultOf(turn, ThrottleExceeded).value
        self.assertEqual(exceeded.seconds, 30.0)

    @settings(max_examples=60)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["enter", "wait", "leave", "slow"]),
                st.floats(0.01, 1.5),
            ),
            max_size=60,
        )
    )
    def test_never_too_many(self, steps: list[tuple[str, float]]) -> None:
        """In any sequence of events the limit and the order are kept."""
        clock = Clock()
        limit = Limit(calls=3, seconds=1.0)
        lane = Lane(limit, clock)
        sent: list[tuple[float, int]] = []
        turns: list[Deferred[Any]] = []

        def note(_: None, number: int) -> None:
            sent.append((clock.seconds(), number))

        for number, (step, amount) in enumerate(steps):
            if step == "wait":
                clock.advance(amount)
            elif step == "slow":
                lane.slow_down(amount)
            elif step == "leave" and turns:
                turns.pop().cancel()
            elif step == "enter":
                try:
                    turn = lane.enter(clock.seconds() + 5)
                except ThrottleExceeded as exceeded:
                    self.assertGreater(exceeded.seconds, 5)
                    continue
                if turn is None:
                    sent.append((clock.seconds(), number))
                else:
                    turn.addCallback(note, number)
                    turn.addErrback(lambda f: f.trap(CancelledError, ThrottleExceeded))
                    turns.append(turn)
        for _ in range(100):
            clock.advance(0.25)
        self.assertEqual(lane.waiting, 0)
        self.assertEqual(clock.getDelayedCalls(), [])
        self.assertEqual([n for _, n in sent], sorted(n for _, n in sent))
        times = [at for at, _ in sent]
        for first, fourth in zip(times, times[limit.calls :], strict=False):
            self.assertGreaterEqual(fourth - first, limit.seconds - 1e-5)


class ThrottleTests(ClockedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.throttle = Throttle(clock=self.clock)

    def test_hundred_a_second(self) -> None:
        """A workspace may send 100 calls in a second, independently of others."""
        for _ in range(100):
            self.assertIsNone(self.throttle.admit("a", LIST))
        turn = self.throttle.admit("a", LIST)
        assert turn is not None
        self.assertIsNone(self.throttle.admit("b", LIST))
        self.clock.advance(1)
        self.successResultOf(turn)

    def test_own_limit(self) -> None:
        """An operation's own limit holds for it alone, and names the next slot."""
        for _ in range(20):
            self.assertIsNone(self.throttle.admit("a", LIST_EMAILS))
        self.clock.advance(46)
        exceeded = self.assertRaises(
            ThrottleExceeded, self.throttle.admit, "a", LIST_EMAILS
        )
        self.assertEqual((exceeded.seconds, exceeded.limit), (14.0, LIST_EMAILS.limit))
        self.assertIsNone(self.throttle.admit("a", LIST))
        self.assertIsNone(self.throttle.admit("b", LIST_EMAILS))

    def test_both_limits(self) -> None:
        """A call with a limit of its own waits for both lanes, one after the other."""
        throttle = Throttle(clock=self.clock, workspace_limit=TWO_A_SECOND)
        for _ in range(20):
            throttle.admit("a", LIST_EMAILS)
            self.clock.advance(1)
        self.clock.advance(38)
        turn = throttle.admit("a", LIST_EMAILS)
        assert turn is not None
        self.clock.advance(1.5)
        throttle.admit("a", LIST)
        throttle.admit("a", LIST)
        self.clock.advance(0.5)
        self.assertNoResult(turn)
        self.clock.advance(0.5)
        self.successResultOf(turn)

    def test_slow_down_is_for_one(self) -> None:
        """A 429 slows the lane it belongs to and no other."""
        self.throttle.slow_down("a", LIST_EMAILS, 10.0)
        self.assertRaises(ThrottleExceeded, self.throttle.admit, "a", LIST_EMAILS)
        self.assertIsNone(self.throttle.admit("a", LIST))
        self.throttle.slow_down("a", LIST, 10.0)
        self.assertRaises(ThrottleExceeded, self.throttle.admit, "a", LIST)
        self.assertRaises(ThrottleExceeded, self.throttle.admit, "a", LIST_EMAILS)
        self.assertIsNone(self.throttle.admit("b", LIST))

    def test_bounded(self) -> None:
        """Above the cap the lane that was idle longest is forgotten."""
        throttle = Throttle(
            clock=self.clock, workspace_limit=Limit(calls=1, seconds=1.0), max_lanes=2
        )
        throttle.admit("a", LIST)
        waiting = throttle.admit("a", LIST)
        assert waiting is not None
        for name in "bcdef":
            self.assertIsNone(throttle.admit(name, LIST))
        # Forgotten lanes start empty again, but that of the waiting call is kept.
        self.assertIsNone(throttle.admit("b", LIST))
        waiting_too = throttle.admit("a", LIST)
        assert waiting_too is not None
        self.clock.advance(1)
        self.successResultOf(waiting)
        self.assertNoResult(waiting_too)
        self.clock.advance(1)
        self.successResultOf(waiting_too)

    def test_no_limit(self) -> None:
        """Without a limit nothing waits."""
        throttle = Throttle(clock=self.clock, workspace_limit=None)
        for _ in range(1000):
            self.assertIsNone(throttle.admit("a", LIST_EMAILS))
        throttle.slow_down("a", LIST, 10.0)
        self.assertIsNone(throttle.admit("a", LIST))
