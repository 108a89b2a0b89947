"""Streams that a client may lose and resume."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.pipeline.replies.channel import Event
from instantly_mcp.pipeline.replies.retention import MAX_KEPT_BYTES, MAX_KEPT_STREAMS
from instantly_mcp.protocol.interfaces import INotificationSink

from .streams import is_kept, lost, make_log, make_stream, payloads, read


class ResumableStreamTests(SynchronousTestCase):
    def test_provides(self) -> None:
        """It is a notification sink."""
        self.assertTrue(verifyObject(INotificationSink, make_stream()))

    def test_ids_differ(self) -> None:
        """Every event has an id of its own, over all streams."""
        ids = []
        for _ in range(3):
            stream = make_stream()
            events = read(stream.open())
            for number in range(3):
                stream.send({"n": number})
            ids += [event.id for event in events]
        self.assertEqual(len(set(ids)), 9)

    def test_resumes_after_an_event(self) -> None:
        """What came after the last event that was seen is replayed, in order."""
        stream = make_stream()
        events = read(stream.open())
        for number in range(4):
            stream.send({"n": number})
        again = read(stream.resume(1))
        self.assertEqual(payloads(again), [{"n": 2}, {"n": 3}])
        stream.send({"n": 4})
        self.assertEqual(payloads(again)[-1], {"n": 4})
        self.assertEqual(len(events), 4)

    def test_one_reader(self) -> None:
        """Resuming closes the connection that still held the stream."""
        stream = make_stream()
        first = stream.open()
        second = stream.resume(-1)
        self.assertFalse(first.is_open)
        self.assertTrue(second.is_open)

    def test_over(self) -> None:
        """A stream that is complete is replayed and then ends."""
        stream = make_stream()
        stream.open()
        stream.send({"n": 0})
        stream.close()
        channel = stream.resume(-1)
        self.assertEqual(payloads(read(channel)), [{"n": 0}])
        self.assertFalse(channel.is_open)

    def test_kept_bytes_are_bounded(self) -> None:
        """What is kept is bounded; the oldest goes first."""
        stream = make_stream()
        stream.open().abandon()
        for number in range(5):
            stream.send({"n": number, "x": "x" * (MAX_KEPT_BYTES // 3)})
        kept = [one["n"] for one in payloads(read(stream.resume(-1)))]
        self.assertEqual(kept, [3, 4])

    @settings(deadline=None)
    @given(st.lists(st.sampled_from(["send", "lose", "resume"]), max_size=30))
    def test_nothing_lost_or_repeated(self, steps: list[str]) -> None:
        """A client that always resumes after its last event misses and repeats none."""
        stream = make_stream(primed=True)
        seen: list[Event] = []
        channel = stream.open()
        channel.attach(seen.append, lambda: None)
        sent = 0
        for step in (*steps, "resume"):
            if step == "send":
                stream.send({"n": sent})
                sent += 1
            elif step == "lose":
                channel.abandon()
            else:
                last = seen[-1].id
                assert last is not None
                channel = stream.resume(int(last.rpartition("_")[2]))
                channel.attach(seen.append, lambda: None)
        self.assertEqual([one["n"] for one in payloads(seen)], list(range(sent)))


class StreamLogTests(SynchronousTestCase):
    def test_finds_by_event(self) -> None:
        """An event's id names its stream and its place."""
        log = make_log()
        stream = log.new(primed=False)
        events = read(stream.open())
        stream.send({"n": 0})
        stream.send({"n": 1})
        last = events[1].id
        assert last is not None
        self.assertEqual(log.find(last), (stream, 1))

    def test_foreign_ids(self) -> None:
        """Anything but an event id of this log finds no stream."""
        log, other = make_log(), make_log()
        stream, foreign = log.new(primed=False), other.new(primed=False)
        for last in (
            "",
            "x",
            "_",
            stream.id,
            f"{stream.id}_",
            f"{stream.id}_-1",
            f"{stream.id}_x",
            f"{stream.id}_²",
            f"{stream.id}_{'9' * 5000}",
            f"{foreign.id}_0",
        ):
            with self.subTest(last=last):
                self.assertIsNone(log.find(last))

    def test_makes_room(self) -> None:
        """The oldest stream that was delivered makes room for a new one."""
        log = make_log()
        streams = [log.new(primed=False) for _ in range(MAX_KEPT_STREAMS)]
        for stream in streams:
            stream.open()
        streams[3].close()
        streams[5].close()
        log.new(primed=False)
        self.assertFalse(is_kept(log, streams[3]))
        self.assertTrue(is_kept(log, streams[0]))
        self.assertTrue(is_kept(log, streams[5]))

    def test_what_is_missed_least_goes_first(self) -> None:
        """Delivered streams go first, then open, unread and awaited ones."""
        log = make_log()
        awaited, unread = lost(log), lost(log)
        being_read, delivered = log.new(primed=False), log.new(primed=False)
        unread.close()
        being_read.open()
        delivered.open()
        delivered.close()
        for _ in range(MAX_KEPT_STREAMS - 4):
            lost(log)
        gone = []
        for _ in range(4):
            lost(log)
            gone.append(
                [
                    stream
                    for stream in (delivered, being_read, unread, awaited)
                    if not is_kept(log, stream)
                ]
            )
        self.assertEqual(
            gone,
            [
                [delivered],
                [delivered, being_read],
                [delivered, being_read, unread],
                [delivered, being_read, unread, awaited],
            ],
        )

    def test_only_calls_are_awaited(self) -> None:
        """A lost stream that answers no request is needed no more than an open one."""
        log = make_log()
        listening = log.new(primed=False)
        listening.open().abandon()
        open_one = log.new(primed=False, is_answer=True)
        open_one.open()
        for _ in range(MAX_KEPT_STREAMS - 1):
            lost(log)
        self.assertFalse(is_kept(log, listening))
        self.assertTrue(is_kept(log, open_one))

    def test_clear(self) -> None:
        """With the session everything that it kept is gone."""
        log = make_log()
        streams = [lost(log) for _ in range(3)]
        log.clear()
        self.assertEqual((log.kept_bytes, log.retention.kept_bytes), (0, 0))
        self.assertFalse(any(is_kept(log, stream) for stream in streams))

    def test_replayed_is_delivered(self) -> None:
        """A complete stream that was fetched is no longer missed."""
        log = make_log()
        unread, fetched = lost(log), lost(log)
        fetched.close()
        unread.close()
        fetched.resume(-1)
        for _ in range(MAX_KEPT_STREAMS - 1):
            lost(log)
        self.assertFalse(is_kept(log, fetched))
        self.assertTrue(is_kept(log, unread))

    def test_open_streams_stay_open(self) -> None:
        """A stream that someone reads is never closed to make room."""
        log = make_log()
        channels = [log.new(primed=False).open() for _ in range(MAX_KEPT_STREAMS + 5)]
        self.assertEqual([channel.is_open for channel in channels].count(False), 0)

    def test_forgotten_streams_go_on(self) -> None:
        """A stream that is no longer kept still reaches its reader."""
        log = make_log()
        stream = log.new(primed=False)
        events = read(stream.open())
        log.forget(stream)
        log.forget(stream)
        stream.send({"n": 0})
        stream.close()
        self.assertEqual(payloads(events), [{"n": 0}])
        self.assertEqual(log.kept_bytes, 0)
        self.assertFalse(is_kept(log, stream))

    def test_bytes_of_a_session(self) -> None:
        """The streams of one session keep a bounded number of bytes together."""
        log = make_log()
        for _ in range(MAX_KEPT_STREAMS):
            stream = lost(log)
            for number in range(3):
                stream.send({"n": number, "x": "x" * (MAX_KEPT_BYTES // 9)})
                self.assertLessEqual(log.kept_bytes, MAX_KEPT_BYTES)
        self.assertGreater(log.kept_bytes, MAX_KEPT_BYTES // 2)

    def test_many_small_events(self) -> None:
        """Events count for more than their data: empty ones are not free."""
        stream = make_stream()
        for _ in range(20_000):
            stream.send({})
        self.assertLess(len(read(stream.resume(-1))), 5000)

    def test_delivered_streams_pay_first(self) -> None:
        """What was delivered goes before anything that is still awaited."""
        log = make_log()
        delivered = log.new(primed=False)
        delivered.open()
        delivered.send({"x": "x" * (MAX_KEPT_BYTES // 2)})
        delivered.close()
        awaited = lost(log)
        for number in range(2):
            awaited.send({"n": number, "x": "x" * (MAX_KEPT_BYTES // 3)})
        self.assertFalse(is_kept(log, delivered))
        self.assertEqual(len(read(awaited.resume(-1))), 2)

    def test_a_flood_spares_the_others(self) -> None:
        """A stream that sends too much loses its own events, not its neighbors'."""
        log = make_log()
        awaited, flood = lost(log), log.new(primed=False)
        awaited.send({"n": 0})
        flood.open().attach(lambda event: None, lambda: None)
        for number in range(20):
            flood.send({"n": number, "x": "x" * (MAX_KEPT_BYTES // 4)})
        self.assertEqual(payloads(read(awaited.resume(-1))), [{"n": 0}])
        self.assertTrue(is_kept(log, flood))

    def test_who_grows_pays(self) -> None:
        """Of two that are missed alike, the one that brings too much is dropped."""
        log = make_log()
        first, second = lost(log), lost(log)
        first.send({"x": "x" * (MAX_KEPT_BYTES // 2)})
        second.send({"x": "x" * (MAX_KEPT_BYTES // 2)})
        self.assertEqual((is_kept(log, first), is_kept(log, second)), (True, False))

    def test_an_event_too_large(self) -> None:
        """An event that no replay could hold makes its own stream unresumable only."""
        log = make_log()
        delivered, stream = log.new(primed=False), log.new(primed=False)
        delivered.open()
        delivered.close()
        events = read(stream.open())
        stream.send({"x": "x" * MAX_KEPT_BYTES})
        self.assertEqual(len(events), 1)
        self.assertFalse(is_kept(log, stream))
        self.assertTrue(is_kept(log, delivered))

    def test_a_replay_always_fits(self) -> None:
        """Whatever is kept reaches a client that takes the stream up again."""
        stream = make_stream()
        stream.open().abandon()
        for number in range(6000):
            stream.send({"n": number, "x": "x" * 500})
        channel = stream.resume(-1)
        self.assertTrue(channel.is_open)
        self.assertEqual(payloads(read(channel))[-1]["n"], 5999)
