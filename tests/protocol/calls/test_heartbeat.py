"""A call that is waited for reports progress, whatever its feature reports."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, succeed

from instantly_mcp._json_codec import JsonObject, dumps, loads
from instantly_mcp.protocol.calls.call import Call, Caller
from instantly_mcp.protocol.calls.heartbeat import HEARTBEAT_SECONDS
from instantly_mcp.protocol.methods.running import run_call
from instantly_mcp.protocol.wire.versions import V2025_06_18, V2026_07_28
from tests.support.cases import ClockedTestCase
from tests.support.engines import Basket

MOST_SILENT_SECONDS = 15
"""Longest time without a report that a client must be prepared for."""


class HeartbeatTests(ClockedTestCase):
    def setUp(self) -> None:
        """Start a call that waits, with a progress token."""
        super().setUp()
        self.basket = Basket()
        self.call = self.calling("t")
        self.work: Deferred[str] = Deferred()
        self.addCleanup(self.end)

    def end(self) -> None:
        """End the work that still waits."""
        if not self.work.called:
            self.work.callback("done")

    def calling(self, token: str | None) -> Call:
        """Return a call with or without a token."""
        caller = Caller(revision=V2026_07_28, sink=self.basket)
        return Call(caller=caller, clock=self.clock, progress_token=token)

    def steps(self) -> list[float]:
        """Return the progress that reached the client, as it decodes it."""
        sent: list[JsonObject] = [loads(dumps(one)) for one in self.basket.sent]
        return [one["params"]["progress"] for one in sent]

    def test_every_fifteen_seconds(self) -> None:
        """While a call waits, progress rises at least every 15 seconds, for an hour."""
        run_call(self.call, lambda: self.work)
        for number in range(1, 3600 // MOST_SILENT_SECONDS):
            before = len(self.basket.sent)
            self.clock.advance(MOST_SILENT_SECONDS)
            self.assertGreater(len(self.basket.sent), before, number)
        steps = self.steps()
        self.assertEqual(steps, sorted(set(steps)))
        self.end()

    def test_the_feature_goes_on(self) -> None:
        """The next integer that the feature reports still arrives, with its total."""
        run_call(self.call, lambda: self.work)
        for number in range(1, 5):
            self.clock.advance(3 * HEARTBEAT_SECONDS)
            self.call.progress(number, 7)
            self.assertEqual(self.basket.sent[-1]["params"]["progress"], number)
        self.clock.advance(HEARTBEAT_SECONDS)
        last = self.basket.sent[-1]["params"]
        self.assertEqual((last["total"], last["progressToken"]), (7, "t"))
        self.assertTrue(4 < last["progress"] < 5)

    def test_ends(self) -> None:
        """After the end of a call, or when it is cancelled, no timer is left."""
        running = run_call(self.call, lambda: self.work)
        self.work.callback("done")
        self.assertEqual(self.successResultOf(running), "done")
        other: Deferred[str] = Deferred()
        cancelled = run_call(self.calling("t"), lambda: other)
        cancelled.cancel()
        self.failureResultOf(cancelled)
        self.successResultOf(run_call(self.calling("t"), lambda: succeed(1)))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.basket.sent, [])

    def test_without_a_token(self) -> None:
        """A client that wants no progress gets none, and no timer runs for it."""
        run_call(self.calling(None), lambda: self.work)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_task(self) -> None:
        """A call that became a task has no stream, and its message stays."""
        words: list[str] = []
        run_call(self.call, lambda: self.work)
        self.call.promote = lambda message: True
        self.call.become_task()
        self.call.set_task_message = words.append
        self.clock.advance(HEARTBEAT_SECONDS)
        self.assertEqual((words, self.basket.sent), ([], []))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        run_call(self.call, lambda: self.work)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_revision_without_messages(self) -> None:
        """An older client gets the number without the text."""
        caller = Caller(revision=V2025_06_18, sink=self.basket)
        call = Call(caller=caller, clock=self.clock, progress_token="t")
        run_call(call, lambda: self.work)
        self.clock.advance(HEARTBEAT_SECONDS)
        self.assertEqual(len(self.steps()), 1)

    @given(
        st.lists(
            st.one_of(st.none(), st.integers(-5, 10**9), st.floats(-3, 50)), max_size=12
        )
    )
    def test_any_reports(self, reports: list[float | None]) -> None:
        """With any reports in between, what arrives rises strictly."""
        self.call, self.work = self.calling("t"), Deferred()
        self.basket.sent.clear()
        run_call(self.call, lambda: self.work)
        for report in reports:
            if report is None:
                self.clock.advance(HEARTBEAT_SECONDS)
            else:
                self.call.progress(report)
        steps = self.steps()
        self.assertEqual(steps, sorted(set(steps)))
        self.end()
