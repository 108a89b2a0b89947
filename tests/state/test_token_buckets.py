"""The token buckets: the contract, the limit of keys, and the arithmetic."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from instantly_mcp.state.token_buckets import TokenBuckets
from tests.contract import state


class TokenBucketsTests(state.AdmissionLimitContract):
    """`TokenBuckets` keeps the contract."""

    def make_limit(self, limit: int, clock: Clock) -> TokenBuckets:
        """Return a limit in memory."""
        return TokenBuckets(limit, clock)

    def test_bounded(self) -> None:
        """The table never holds more keys than it may; the longest unseen go first."""
        buckets = TokenBuckets(1, self.clock, max_buckets=3)
        for key in ("a", "b", "c", "d"):
            buckets.take(key)
        self.assertEqual(len(buckets), 3)
        self.assertFalse(buckets.take("d").granted)
        self.assertTrue(buckets.take("a").granted)

    def test_forgets_the_longest_unseen(self) -> None:
        """A key that was seen again is not the first to be forgotten."""
        buckets = TokenBuckets(2, self.clock, max_buckets=3)
        for key in ("a", "b", "c", "a", "d"):
            self.assertTrue(buckets.take(key).granted)
        self.assertFalse(buckets.take("a").granted)

    def test_no_limit_no_table(self) -> None:
        """Without a limit nothing is remembered."""
        buckets = TokenBuckets(0, self.clock)
        buckets.take("key")
        self.assertEqual(len(buckets), 0)

    @given(
        limit=st.integers(1, 300),
        pauses=st.lists(st.floats(0, 5, allow_nan=False), max_size=200),
    )
    def test_never_more_than_the_rate(self, limit: int, pauses: list[float]) -> None:
        """In any period at most the limit plus the refill is granted."""
        clock = Clock()
        buckets = TokenBuckets(limit, clock)
        granted = 0
        for pause in pauses:
            clock.advance(pause)
            granted += buckets.take("key").granted
            allowed = limit + clock.seconds() * limit / 60 + 0.01
            self.assertLessEqual(granted, allowed)

    @given(limit=st.integers(1, 600))
    def test_steady_rate_passes(self, limit: int) -> None:
        """A client that sends at exactly the limit is never refused."""
        clock = Clock()
        buckets = TokenBuckets(limit, clock)
        for _ in range(2 * limit):
            self.assertTrue(buckets.take("key").granted)
            clock.advance(60 / limit)
