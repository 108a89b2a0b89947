"""What all sessions together keep of their streams, and for how long."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.pipeline.replies.resumable import ResumableStream
from instantly_mcp.pipeline.replies.retention import KEPT_SECONDS, Retention, StreamLog

from .streams import is_kept, lost


class RetentionTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Share narrow bounds between sessions."""
        self.clock = Clock()
        self.retention = Retention(self.clock, max_bytes=100_000)

    def test_bytes_of_all_sessions(self) -> None:
        """All sessions together keep a bounded number of bytes."""
        for _ in range(100):
            lost(StreamLog(self.retention)).send({"x": "x" * 5000})
            self.assertLessEqual(self.retention.kept_bytes, 100_000)
        self.assertGreater(self.retention.kept_bytes, 80_000)

    def test_streams_without_events(self) -> None:
        """Empty streams of very many sessions are bounded as well."""
        for _ in range(1000):
            lost(StreamLog(self.retention))
        self.assertLessEqual(self.retention.kept_bytes, 100_000)

    def test_what_is_missed_least_goes_first(self) -> None:
        """Another session's delivered streams go before those that are awaited."""
        logs = [StreamLog(self.retention) for _ in range(20)]
        awaited = [lost(log) for log in logs]
        others = StreamLog(self.retention)
        for _ in range(100):
            stream = others.new(primed=False)
            stream.open()
            stream.send({"x": "x" * 5000})
            stream.close()
        kept = [is_kept(log, stream) for log, stream in zip(logs, awaited, strict=True)]
        self.assertTrue(all(kept))
        self.assertLessEqual(self.retention.kept_bytes, 100_000)

    def test_over_for_too_long(self) -> None:
        """A complete stream can be fetched for some minutes only."""
        log = StreamLog(self.retention)
        awaited, over = lost(log), lost(log)
        over.close()
        self.clock.advance(KEPT_SECONDS - 1)
        self.retention.sweep()
        self.assertTrue(is_kept(log, over))
        self.clock.advance(1)
        self.assertFalse(is_kept(log, over))
        self.assertTrue(is_kept(log, awaited))

    def test_lost_for_too_long(self) -> None:
        """A stream of no call that lost its reader is kept so long, and not for ever.

        It is kept on for a client that came back in time.
        """
        log = StreamLog(self.retention)
        left, back = log.new(primed=True), log.new(primed=True)
        for stream in (left, back):
            stream.open().abandon()
            stream.send({"n": 1})
        self.clock.advance(KEPT_SECONDS - 1)
        self.assertTrue(is_kept(log, left))
        back.resume(0)
        self.clock.advance(1)
        self.retention.sweep()
        self.assertEqual(log.kept_bytes, back.kept_bytes)
        self.assertFalse(is_kept(log, left))
        self.clock.advance(KEPT_SECONDS)
        self.assertTrue(is_kept(log, back))

    def test_sweep(self) -> None:
        """The sweep forgets what was not fetched in time, not what is awaited."""
        log = StreamLog(self.retention)
        awaited, over = lost(log), lost(log)
        before = self.retention.kept_bytes
        over.send({"n": 1})
        over.close()
        over.close()
        self.clock.advance(KEPT_SECONDS)
        self.retention.sweep()
        self.assertEqual(self.retention.kept_bytes, before // 2)
        self.assertEqual(log.kept_bytes, before // 2)
        self.assertTrue(is_kept(log, awaited))

    @settings(deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(
                    ["new", "send", "lose", "close", "resume", "wait", "sweep"]
                ),
                st.integers(0, 3),
                st.integers(0, 40),
            ),
            max_size=80,
        )
    )
    def test_sums(self, steps: list[tuple[str, int, int]]) -> None:
        """However streams come and go, every sum is that of its parts, and bounded."""
        retention = Retention(self.clock, max_bytes=20_000)
        logs = [StreamLog(retention) for _ in range(4)]
        streams: list[ResumableStream] = []
        for step, which, number in steps:
            if step == "new" or not streams:
                streams.append(logs[which].new(primed=number % 2 == 0))
                streams[-1].open()
                continue
            stream = streams[number % len(streams)]
            if step == "send":
                stream.send({"x": "x" * 200 * number})
            elif step == "lose" and stream.channel is not None:
                stream.channel.abandon()
            elif step == "close":
                stream.close()
            elif step == "resume":
                stream.resume(which)
            elif step == "wait":
                self.clock.advance(number * 10)
            else:
                retention.sweep()
            held = [s for log in logs for s in streams if is_kept(log, s)]
            weights = sum(s.kept_bytes for s in held)
            self.assertEqual(retention.kept_bytes, weights)
            self.assertEqual(sum(log.kept_bytes for log in logs), weights)
            self.assertLessEqual(weights, 20_000)
