"""The token buckets: the contract, the limit of keys, and the arithmetic."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from instantly_mcp.state.token_buckets import MemoryLedger
from tests.contract import state


class MemoryLedgerTests(state.LedgerContract):
    """`MemoryLedger` keeps the contract."""

    def make_limit(self, limit: int, clock: Clock) -> MemoryLedger:
        """Return a limit in memory."""
        return MemoryLedger(limit, clock)

    def test_bounded(self) -> None:
        """The table never holds more keys than it may; the longest unseen go first."""
        ledger = MemoryLedger(1, self.clock, max_buckets=3)
        for key in ("a", "b", "c", "d"):
            ledger.take(key)
        self.assertEqual(len(ledger), 3)
        self.assertFalse(ledger.take("d").granted)
        self.assertTrue(ledger.take("a").granted)

    def test_forgets_the_longest_unseen(self) -> None:
        """A key that was seen again is not the first to be forgotten."""
        ledger = MemoryLedger(2, self.clock, max_buckets=3)
        for key in ("a", "b", "c", "a", "d"):
            self.assertTrue(ledger.take(key).granted)
        self.assertFalse(ledger.take("a").granted)

    def test_no_limit_no_table(self) -> None:
        """Without a limit nothing is remembered."""
        ledger = MemoryLedger(0, self.clock)
        ledger.take("key")
        self.assertEqual(len(ledger), 0)

    @given(
        limit=st.integers(1, 300),
        pauses=st.lists(st.floats(0, 5, allow_nan=False), max_size=200),
    )
    def test_never_more_than_the_rate(self, limit: int, pauses: list[float]) -> None:
        """In any period at most the limit plus the refill is granted."""
        clock = Clock()
        ledger = MemoryLedger(limit, clock)
        granted = 0
        for pause in pauses:
            clock.advance(pause)
            granted += ledger.take("key").granted
            allowed = limit + clock.seconds() * limit / 60 + 0.01
            self.assertLessEqual(granted, allowed)

    @given(limit=st.integers(1, 600))
    def test_steady_rate_passes(self, limit: int) -> None:
        """A client that sends at exactly the limit is never refused."""
        clock = Clock()
        ledger = MemoryLedger(limit, clock)
        for _ in range(2 * limit):
            self.assertTrue(ledger.take("key").granted)
            clock.advance(60 / limit)
