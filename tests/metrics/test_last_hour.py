"""Counts of the last hour."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.metrics.last_hour import (
    MAX_LABELS,
    OTHER,
    SLOT_SECONDS,
    SLOTS,
    LastHour,
)

STEPS = st.lists(st.tuples(st.integers(0, 2000), st.sampled_from("abc")), max_size=40)


class LastHourTests(SynchronousTestCase):
    def test_forgets(self) -> None:
        """An event counts for an hour, to the minute."""
        clock = Clock()
        counts = LastHour(clock.seconds)
        counts.add("a")
        clock.advance(SLOT_SECONDS * (SLOTS - 1))
        counts.add("b")
        self.assertEqual(counts.totals(), {"a": 1, "b": 1})
        self.assertEqual(counts.totals(5), {"b": 1})
        clock.advance(SLOT_SECONDS)
        self.assertEqual(counts.totals(), {"b": 1})

    def test_bounded(self) -> None:
        """Beyond a number of labels further ones are counted together."""
        counts = LastHour(Clock().seconds)
        for number in range(MAX_LABELS + 5):
            counts.add(str(number))
        self.assertEqual(counts.totals()[OTHER], 5)
        self.assertEqual(len(counts.totals()), MAX_LABELS + 1)

    @given(STEPS)
    def test_model(self, steps: list[tuple[int, str]]) -> None:
        """The counts are those of a list that remembers everything."""
        clock = Clock()
        counts, events = LastHour(clock.seconds), []
        for wait, label in steps:
            clock.advance(wait)
            counts.add(label)
            events.append((clock.seconds() // SLOT_SECONDS, label))
        oldest = clock.seconds() // SLOT_SECONDS - SLOTS
        expected: dict[str, int] = {}
        for slot, label in events:
            if slot > oldest:
                expected[label] = expected.get(label, 0) + 1
        self.assertEqual(counts.totals(), expected)
