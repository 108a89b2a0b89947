"""How many calls are under way at a time: bounded, and shared by the principals."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred

from instantly_mcp._json_codec import dumps
from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.pace.breaker import Breaker
from instantly_mcp.api.pace.concurrency import MAX_PLACES, MAX_SLOTS, Busy, Concurrency
from instantly_mcp.api.pace.throttle import Throttle
from tests.support.cases import ClockedTestCase

from ..builders import CREATE, LIST, PATCH_ONE, client, granted
from ..test_client import URL, MemoryAgent, MemoryResponse

A, B, C = "a", "b", "c"


class ConcurrencyTests(ClockedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.limit = Concurrency(clock=self.clock, slots=8, places=16)

    def fill(self, principal: str, slots: int) -> None:
        for _ in range(slots):
            self.assertIsNone(self.limit.enter(principal, 5))

    def wait(self, principal: str, seconds: float = 5) -> Deferred[None]:
        turn = self.limit.enter(principal, seconds)
        assert turn is not None
        self.assertNoResult(turn)
        return turn

    def test_one_principal(self) -> None:
        """A single principal gets nearly all slots, then waits."""
        self.fill(A, 7)
        turn = self.wait(A)
        self.assertEqual((self.limit.in_use, self.limit.waiting), (7, 1))
        self.limit.leave(A)
        self.assertIsNone(self.successResultOf(turn))
        self.assertEqual((self.limit.in_use, self.limit.waiting), (7, 0))

    def test_another_always_finds_some(self) -> None:
        """A principal gets a slot at once although another one holds its full share."""
        self.fill(A, 7)
        turn = self.wait(A)
        self.fill(B, 1)
        self.assertNoResult(turn)
        self.limit.leave(A)
        self.assertIsNone(self.successResultOf(turn))
        self.assertEqual(self.limit.in_use, 8)

    def test_waits_so_long_and_no_longer(self) -> None:
        """A call that timed out reports how long it waited; its place is free again."""
        self.fill(A, 7)
        turn = self.wait(A, 3)
        self.clock.advance(3)
        busy = self.failureResultOf(turn, Busy).value
        assert isinstance(busy, Busy)
        self.assertEqual(busy.waited, 3)
        self.assertEqual(self.limit.waiting, 0)
        self.limit.leave(A)
        self.assertEqual(self.limit.in_use, 6)

    def test_no_time_to_wait(self) -> None:
        """A call that has waited elsewhere already does not wait again."""
        self.fill(A, 7)
        self.assertRaises(Busy, self.limit.enter, A, 0)

    def test_places_are_bounded(self) -> None:
        """Beyond the places a call is refused at once; another principal's is not."""
        self.fill(A, 7)
        waiting = [self.wait(A) for _ in range(14)]
        self.assertRaises(Busy, self.limit.enter, A, 5)
        self.fill(B, 1)
        waiting.append(self.wait(B))
        self.clock.advance(5)
        for turn in waiting:
            self.failureResultOf(turn, Busy)

    def test_place_for_something_else(self) -> None:
        """Calls that wait for something other than a slot use the same places."""
        with self.limit.place(A):
            self.assertEqual(self.limit.waiting, 1)
        self.assertEqual(self.limit.waiting, 0)

    def test_in_rotation(self) -> None:
        """A long queue of one principal does not delay another's calls."""
        self.fill(A, 7)
        self.fill(C, 1)
        first, second = self.wait(A), self.wait(A)
        other = self.wait(B)
        self.limit.leave(A)
        self.limit.leave(A)
        self.successResultOf(other)
        self.successResultOf(first)
        self.assertNoResult(second)
        second.cancel()
        self.failureResultOf(second, CancelledError)
        self.assertEqual(self.limit.waiting, 0)

    def test_hundreds_that_end_at_once(self) -> None:
        """Calls that end immediately do not cause recursion."""
        limit = Concurrency(clock=self.clock)
        for _ in range(MAX_SLOTS * 7 // 8):
            self.assertIsNone(limit.enter(A, 5))
        ended: list[int] = []

        def end(turn: None, number: int) -> None:
            ended.append(number)
            limit.leave(A)

        for number in range(MAX_PLACES // 2):
            turn = limit.enter(A, 5)
            assert turn is not None
            turn.addCallback(end, number)
        limit.leave(A)
        self.assertEqual(ended, list(range(MAX_PLACES // 2)))

    @given(
        st.lists(
            st.tuples(
                st.sampled_from((A, B, C)),
                st.sampled_from(("enter", "leave", "cancel", "advance")),
            ),
            max_size=200,
        )
    )
    def test_any_course(self, course: list[tuple[str, str]]) -> None:
        """Under any sequence of events the limits hold and no free slot is unused."""
        self.setUp()
        running: dict[str, int] = dict.fromkeys((A, B, C), 0)
        waiting: dict[str, list[Deferred[None]]] = {A: [], B: [], C: []}

        def begun(principal: str, turn: Deferred[None]) -> None:
            waiting[principal].remove(turn)
            running[principal] += 1

        for principal, event in course:
            if event == "enter":
                try:
                    turn = self.limit.enter(principal, 5)
                except Busy:
                    continue
                if turn is None:
                    running[principal] += 1
                else:
                    waiting[principal].append(turn)
                    turn.addCallbacks(
                        lambda _, p=principal, t=turn: begun(p, t),
                        lambda _, p=principal, t=turn: waiting[p].remove(t),
                    )
            elif event == "leave" and running[principal]:
                running[principal] -= 1
                self.limit.leave(principal)
            elif event == "cancel" and waiting[principal]:
                waiting[principal][-1].cancel()
            elif event == "advance":
                self.clock.advance(2)
            self.assertEqual(self.limit.in_use, sum(running.values()))
            self.assertEqual(self.limit.waiting, sum(map(len, waiting.values())))
            self.assertLessEqual(self.limit.in_use, 8)
            self.assertLessEqual(self.limit.waiting, 16)
            for each in (A, B, C):
                if waiting[each] and not running[each]:
                    self.assertEqual(self.limit.in_use, 8, "a free slot, and it waits")
        self.clock.advance(6)
        self.assertEqual(self.limit.waiting, 0)
        for principal, count in running.items():
            for _ in range(count):
                self.limit.leave(principal)
        self.assertEqual(self.limit.in_use, 0)


class CrowdedClientTests(ClockedTestCase):
    """Seven hundred calls at once, to an upstream that does not answer."""

    def setUp(self) -> None:
        super().setUp()
        self.agent = HeldAgent()
        self.concurrency = Concurrency(clock=self.clock, places=256)
        self.client = client(
            self.agent,
            URL,
            self.clock,
            concurrency=self.concurrency,
            throttle=Throttle(clock=self.clock, workspace_limit=None),
        )

    def calls(self, count: int) -> list[Deferred[Any]]:
        return [self.client.execute(LIST, {}, granted()) for _ in range(count)]

    def overloaded(self, call: Deferred[Any]) -> ApiError:
        error = self.failureResultOf(call, ApiError).value
        assert isinstance(error, ApiError)
        self.assertEqual(error.reason, Reason.OVERLOADED)
        self.assertEqual(error.retry_after, 5)
        self.assertIn("Nothing was sent; try again in 5 s.", error.message)
        return error

    def test_seven_hundred_at_once(self) -> None:
        """A bounded number is sent, as many wait, the others are refused at once."""
        calls = self.calls(700)
        refused = [call for call in calls if call.called]
        self.assertEqual(len(self.agent.held), 224)
        self.assertEqual(self.client.health.waiting, 224)
        self.assertEqual(len(refused), 700 - 448)
        for call in refused:
            self.overloaded(call)
        self.clock.advance(4.4)
        self.assertEqual(self.client.health.waiting, 224)
        self.clock.advance(0.1)
        late = [call for call in calls if call.called and call not in refused]
        self.assertEqual(len(late), 224)
        for call in late:
            self.assertIn("none ended within 4.5 s", self.overloaded(call).message)
        self.agent.reply_all()
        self.assertEqual(sum(c.called for c in calls), 700)
        self.assertEqual(self.client.health.in_flight, 0)

    def test_other_principals(self) -> None:
        """A flood by one principal does not affect another's calls."""
        flood = self.calls(700)
        other = self.client.execute(LIST, {}, granted("another-key-0123456789"))
        self.assertNoResult(other)
        self.agent.reply_to(self.agent.held.pop())
        self.assertEqual(self.successResultOf(other), {})
        self.clock.advance(5)
        self.agent.reply_all()
        for call in flood:
            call.addErrback(lambda failure: failure.trap(ApiError))

    def test_line_moves(self) -> None:
        """As calls end, those that wait are sent, and all are answered."""
        calls = self.calls(400)
        while not all(call.called for call in calls):
            self.agent.reply_all()
        for call in calls:
            self.assertEqual(self.successResultOf(call), {})

    def test_write_keeps_its_slot_to_its_end(self) -> None:
        """A write whose caller has left is still on the wire, and counts."""
        write = self.client.execute(CREATE, {"name": "x"}, granted())
        write.cancel()
        self.failureResultOf(write, CancelledError)
        self.assertEqual(self.concurrency.in_use, 1)
        self.agent.reply_all()
        self.assertEqual(self.concurrency.in_use, 0)

    def test_cancelled_while_it_waits(self) -> None:
        """A call that is cancelled in the queue is never sent and frees its place."""
        calls = self.calls(225)
        sent = len(self.agent.asked)
        calls[-1].cancel()
        self.failureResultOf(calls[-1], CancelledError)
        self.agent.reply_all()
        self.assertEqual(len(self.agent.asked), sent)
        self.assertEqual(self.concurrency.waiting, 0)
        for call in calls[:-1]:
            self.successResultOf(call)

    def test_calls_that_wait_to_retry_hold_no_slot(self) -> None:
        """A call that waits for its retry uses no slot, so that others are sent."""
        self.agent.status = 503
        call = self.client.execute(LIST, {}, granted())
        self.agent.reply_all()
        self.assertEqual((self.concurrency.in_use, self.concurrency.waiting), (0, 1))
        self.agent.status = 200
        self.clock.advance(1)
        self.agent.reply_all()
        self.assertEqual(self.successResultOf(call), {})

    def test_no_slot_for_another_try(self) -> None:
        """A call that gets no slot for another attempt reports its earlier error."""
        self.agent.status = 503
        call = self.client.execute(PATCH_ONE, {"id": "c", "name": "n"}, granted())
        self.agent.reply_all()
        crowd = self.calls(448)
        self.clock.advance(1)
        self.assertNoResult(call)
        self.clock.advance(5)
        error = self.failureResultOf(call, ApiError).value
        assert isinstance(error, ApiError)
        self.assertEqual((error.reason, error.status), (Reason.UPSTREAM_FAILED, 503))
        self.agent.status = 200
        self.agent.reply_all()
        for each in crowd:
            each.addErrback(lambda failure: failure.trap(ApiError))

    def test_open_breaker(self) -> None:
        """When the breaker opens, all waiting calls fail at once."""
        self.client.breaker = Breaker(clock=self.clock, min_failures=1)
        calls = self.calls(448)
        self.agent.status = 500
        self.agent.reply_to(self.agent.held.pop())
        while self.agent.held:
            self.agent.reply_all()
        for call in calls:
            error = self.failureResultOf(call, ApiError).value
            assert isinstance(error, ApiError)
            self.assertEqual(error.reason, Reason.UPSTREAM_FAILED)

    def test_throttled_calls_hold_places(self) -> None:
        """The calls that wait for their turn at the rate limit are limited too."""
        self.client.throttle = Throttle(clock=self.clock)
        calls = self.calls(700)
        self.assertEqual(len(self.agent.held), 100)
        self.assertEqual(self.concurrency.waiting, 224)
        self.assertEqual(sum(call.called for call in calls), 700 - 324)
        for call in calls:
            if call.called:
                self.overloaded(call)
        for _ in range(6):
            self.clock.advance(1)
            self.agent.reply_all()
        self.assertEqual(self.concurrency.waiting, 0)
        self.assertEqual(self.client.health.in_flight, 0)


class HeldAgent(MemoryAgent):
    """Answers nothing until the test says so, call by call."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = None
        self.held: list[Deferred[Any]] = []

    def request(self, *args: Any, **kwargs: Any) -> Deferred[Any]:
        waiting: Deferred[Any] = super().request(*args, **kwargs)
        self.held.append(waiting)
        return waiting

    def reply_to(self, waiting: Deferred[Any]) -> None:
        """Answer one that was sent."""
        waiting.callback(MemoryResponse(self.status, b"{}"))

    def reply_next(self, value: Any, at: int = 0) -> None:
        """Answer the one that was sent first, or a later one, with a value."""
        self.held.pop(at).callback(MemoryResponse(self.status, dumps(value)))

    def reply_all(self) -> None:
        """Answer all that were sent up to now."""
        held, self.held = self.held, []
        for each in held:
            self.reply_to(each)
