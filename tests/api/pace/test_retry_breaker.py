"""When to try again, and when to stop trying."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from instantly_mcp.api.errors import ApiError, Reason
from instantly_mcp.api.pace.breaker import Breaker, BreakerState
from instantly_mcp.api.pace.retry import AttemptFailed, FailureKind, RetryPolicy
from instantly_mcp.catalog.operation import Operation
from tests.support.cases import ClockedTestCase

from ..builders import CREATE, LIST, PATCH_ONE


def attempt_failed(
    kind: FailureKind, status: int | None = None, retry_after: float | None = None
) -> AttemptFailed:
    """A failed attempt."""
    error = ApiError(
        reason=Reason.UPSTREAM_FAILED,
        message="",
        operation_id="x",
        status=status,
        retry_after=retry_after,
    )
    return AttemptFailed(error, kind)


class RetryTests(ClockedTestCase):
    def repeats(
        self, operation: Operation, failed: AttemptFailed, attempt: int = 0
    ) -> bool:
        policy = RetryPolicy(random=lambda: 0.5)
        return policy.pause(operation, failed, attempt) is not None

    def test_table(self) -> None:
        """Reads, idempotent writes and other writes are repeated by their rules."""
        for failed, read, again, write in (
            (attempt_failed(FailureKind.CONNECT), True, True, False),
            (attempt_failed(FailureKind.BROKEN), True, False, False),
            (attempt_failed(FailureKind.ANSWERED, 429), True, True, False),
            (attempt_failed(FailureKind.ANSWERED, 502), True, True, False),
            (attempt_failed(FailureKind.ANSWERED, 503), True, True, False),
            (attempt_failed(FailureKind.ANSWERED, 504), True, True, False),
            (attempt_failed(FailureKind.ANSWERED, 500), False, False, False),
            (attempt_failed(FailureKind.ANSWERED, 404), False, False, False),
            (attempt_failed(FailureKind.ANSWERED, 200), False, False, False),
            (attempt_failed(FailureKind.FINAL, 503), False, False, False),
        ):
            found = [self.repeats(o, failed) for o in (LIST, PATCH_ONE, CREATE)]
            self.assertEqual(found, [read, again, write], failed)

    def test_at_most_twice(self) -> None:
        """There are two retries; after a broken connection there is one."""
        failed = attempt_failed(FailureKind.ANSWERED, 503)
        self.assertEqual(
            [self.repeats(LIST, failed, n) for n in range(4)],
            [True, True, False, False],
        )
        self.assertFalse(self.repeats(LIST, attempt_failed(FailureKind.BROKEN), 1))

    def test_pauses(self) -> None:
        """Pauses double and are jittered; Retry-After is honored up to a cap."""
        for random, first, second in ((0.0, 0.25, 0.5), (0.99, 0.4975, 0.995)):
            policy = RetryPolicy(random=lambda random=random: random)  # type: ignore[misc]
            failed = attempt_failed(FailureKind.ANSWERED, 503)
            self.assertAlmostEqual(policy.pause(LIST, failed, 0) or 0, first)
            self.assertAlmostEqual(policy.pause(LIST, failed, 1) or 0, second)
        policy = RetryPolicy(random=lambda: 0.0)
        told = policy.pause(LIST, attempt_failed(FailureKind.ANSWERED, 429, 7.0), 0)
        assert told is not None
        self.assertTrue(7.0 <= told < 8.0)
        self.assertIsNone(
            policy.pause(LIST, attempt_failed(FailureKind.ANSWERED, 429, 11.0), 0)
        )

    @given(st.lists(st.booleans(), max_size=400))
    def test_budget(self, outcomes: list[bool]) -> None:
        """Retries are at most a fifth of the traffic and a small reserve."""
        policy = RetryPolicy(random=lambda: 0.5)
        retries = 0
        for fails in outcomes:
            policy.count_call()
            attempt = 0
            failed = attempt_failed(FailureKind.ANSWERED, 503)
            while fails and policy.pause(LIST, failed, attempt) is not None:
                attempt += 1
            retries += attempt
        self.assertLessEqual(retries, 10 + 0.2 * len(outcomes) + 1e-6)


class BreakerTests(ClockedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.breaker = Breaker(clock=self.clock)

    def call(self, healthy: bool | None) -> bool:
        """Make one call, if it may pass; say whether it did."""
        entered = self.breaker.enter()
        if entered is None:
            return False
        self.breaker.leave(entered, healthy)
        return True

    def trip(self) -> None:
        for _ in range(10):
            self.call(False)
        self.assertEqual(self.breaker.state, BreakerState.OPEN)

    def test_opens(self) -> None:
        """Ten failures that are half of the recent outcomes open it."""
        for _ in range(9):
            self.call(False)
        self.assertEqual(self.breaker.state, BreakerState.CLOSED)
        self.assertEqual(self.breaker.retry_after, 0)
        self.call(False)
        self.assertEqual(self.breaker.state, BreakerState.OPEN)
        self.assertEqual(self.breaker.retry_after, 5)
        self.assertFalse(self.call(True))

    def test_mostly_healthy(self) -> None:
        """One failure in three never opens it."""
        for number in range(300):
            self.assertTrue(self.call(number % 3 != 0))

    def test_every_second(self) -> None:
        """Every second call failing opens it."""
        for number in range(20):
            self.call(number % 2 != 0)
        self.assertEqual(self.breaker.state, BreakerState.OPEN)

    def test_forgets(self) -> None:
        """Failures of long ago do not count."""
        for _ in range(9):
            self.call(False)
        self.clock.advance(61)
        self.call(False)
        self.assertEqual(self.breaker.state, BreakerState.CLOSED)

    def test_probe(self) -> None:
        """After its rest one probe passes at a time, and a good one closes it."""
        self.trip()
        self.clock.advance(5)
        self.assertEqual(self.breaker.state, BreakerState.HALF_OPEN)
        probe = self.breaker.enter()
        assert probe is not None
        self.assertIsNone(self.breaker.enter())
        self.breaker.leave(probe, True)
        self.assertEqual(self.breaker.state, BreakerState.CLOSED)
        self.assertTrue(self.call(True))

    def test_rests_longer(self) -> None:
        """Each bad probe doubles the rest, up to a minute; a good one resets it."""
        self.trip()
        for rest in (5, 10, 20, 40, 60, 60):
            self.assertEqual(self.breaker.retry_after, rest)
            self.clock.advance(rest)
            self.assertTrue(self.call(False))
        self.clock.advance(60)
        self.call(True)
        self.trip()
        self.assertEqual(self.breaker.retry_after, 5)

    def test_probe_given_up(self) -> None:
        """A cancelled probe has no outcome: the next call is the probe."""
        self.trip()
        self.clock.advance(5)
        self.assertTrue(self.call(None))
        self.assertEqual(self.breaker.state, BreakerState.HALF_OPEN)
        self.assertTrue(self.call(True))
        self.assertEqual(self.breaker.state, BreakerState.CLOSED)

    def test_late_outcomes(self) -> None:
        """A call that began before it opened neither closes nor reopens it."""
        early = self.breaker.enter()
        assert early is not None
        self.trip()
        self.breaker.leave(early, True)
        self.assertEqual(self.breaker.state, BreakerState.OPEN)
        self.clock.advance(5)
        probe = self.breaker.enter()
        assert probe is not None
        self.breaker.leave(early, False)
        self.breaker.leave(early, None)
        self.assertIsNone(self.breaker.enter())
        self.breaker.leave(probe, True)
        self.assertEqual(self.breaker.state, BreakerState.CLOSED)

    @given(
        st.lists(
            st.sampled_from(["enter", "good", "bad", "cancel", "wait"]), max_size=200
        )
    )
    def test_always_recovers(self, steps: list[str]) -> None:
        """After any sequence of events a call passes after the longest rest."""
        breaker = Breaker(clock=self.clock, min_failures=2, considered_outcomes=4)
        inside: list[int] = []
        for step in steps:
            if step == "wait":
                self.clock.advance(3)
            elif step == "enter":
                entered = breaker.enter()
                if entered is not None:
                    inside.append(entered)
            elif inside:
                outcome = {"good": True, "bad": False, "cancel": None}[step]
                breaker.leave(inside.pop(0), outcome)
        for entered in inside:
            breaker.leave(entered, None)
        self.clock.advance(60)
        last = breaker.enter()
        assert last is not None
        breaker.leave(last, True)
        self.assertEqual(breaker.state, BreakerState.CLOSED)
