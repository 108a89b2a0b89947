"""The idle queue finds what a search through everything would find."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.protocol.calls.session import McpSession
from instantly_mcp.protocol.wire.versions import V2025_11_25
from instantly_mcp.state.idle_queue import IdleQueue
from tests.contract.state import OpenOutlet


def session(last_seen: float, *, busy: bool = False) -> McpSession:
    """Return a session that was last seen then."""
    made = McpSession(
        id=f"id-{last_seen}", revision=V2025_11_25, credential=None, last_seen=last_seen
    )
    if busy:
        made.streams.append(OpenOutlet())
    return made


class IdleQueueTests(SynchronousTestCase):
    """`IdleQueue`."""

    @given(
        st.lists(
            st.tuples(st.sampled_from(["add", "touch", "end", "ask"]), st.integers(0)),
            max_size=120,
        )
    )
    def test_agrees_with_a_search(self, steps: list[tuple[str, int]]) -> None:
        """After any sequence of steps the oldest is the one that a search finds."""
        queue = IdleQueue()
        held: list[McpSession] = []
        for now, (step, number) in enumerate(steps):
            if step == "add":
                held.append(session(now))
                queue.add(held[-1])
            elif held and step == "touch":
                held[number % len(held)].touch(now)
            elif held and step == "end":
                gone = held.pop(number % len(held))
                gone.close()
                queue.forget(gone)
            oldest = queue.oldest()
            expected = min(held, key=lambda one: one.last_seen, default=None)
            self.assertIs(oldest, expected)
            self.assertEqual(len(queue), len(held))

    def test_prefers_the_idle(self) -> None:
        """A busy session is spared for a younger one that has nothing open."""
        queue = IdleQueue()
        busy, idle = session(1, busy=True), session(2)
        queue.add(busy)
        queue.add(idle)
        self.assertIs(queue.expendable(3), idle)

    def test_all_busy(self) -> None:
        """When every session is busy, one of them is chosen."""
        queue = IdleQueue()
        for second in range(100):
            queue.add(session(second, busy=True))
        self.assertIsNotNone(queue.expendable(1000))

    def test_empty(self) -> None:
        """An empty queue has neither."""
        self.assertIsNone(IdleQueue().oldest())
        self.assertIsNone(IdleQueue().expendable(1))

    def test_forgets(self) -> None:
        """A long-lived session does not keep the entries of ended ones in memory."""
        queue = IdleQueue()
        queue.add(session(0))
        for second in range(1, 5000):
            ended = session(second)
            queue.add(ended)
            ended.close()
            queue.forget(ended)
            self.assertLessEqual(len(queue._heap), 2)
