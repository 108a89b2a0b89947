"""Streams that a client may lose and take up again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp._json import Json, loads
from instantly_mcp.pipeline.channel import Channel, Event
from instantly_mcp.pipeline.resumable import (
    MAX_KEPT_BYTES,
    MAX_STREAMS,
    ResumableStream,
    StreamLog,
)
from instantly_mcp.protocol.interfaces import IOutlet


def read(channel: Channel) -> list[Event]:
    """Return a list that fills with what the channel carries."""
    events: list[Event] = []
    channel.attach(events.append, lambda: None)
    return events


def payloads(events: list[Event]) -> list[Json]:
    """Return what the events say."""
    return [loads(event.data) for event in events if event.data]


class ResumableStreamTests(SynchronousTestCase):
    def test_provides(self) -> None:
        """It is an outlet."""
        self.assertTrue(verifyObject(IOutlet, ResumableStream()))

    def test_ids_differ(self) -> None:
        """Every event has an id of its own, over all streams."""
        ids = []
        for _ in range(3):
            stream = ResumableStream()
            events = read(stream.open())
            for number in range(3):
                stream.send({"n": number})
            ids += [event.id for event in events]
        self.assertEqual(len(set(ids)), 9)

    def test_resumes_after_an_event(self) -> None:
        """What came after the last event that was seen is replayed, in order."""
        stream = ResumableStream()
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
        stream = ResumableStream()
        first = stream.open()
        second = stream.resume(-1)
        self.assertFalse(first.is_open)
        self.assertTrue(second.is_open)

    def test_over(self) -> None:
        """A stream that is complete is replayed and then ends."""
        stream = ResumableStream()
        stream.open()
        stream.send({"n": 0})
        stream.close()
        channel = stream.resume(-1)
        self.assertEqual(payloads(read(channel)), [{"n": 0}])
        self.assertFalse(channel.is_open)

    def test_kept_bytes_are_bounded(self) -> None:
        """What is kept is bounded; the oldest goes first."""
        stream = ResumableStream()
        stream.open().abandon()
        for number in range(5):
            stream.send({"n": number, "x": "x" * (MAX_KEPT_BYTES // 3)})
        kept = [one["n"] for one in payloads(read(stream.resume(-1)))]
        self.assertEqual(kept, [3, 4])

    @settings(deadline=None)
    @given(st.lists(st.sampled_from(["send", "lose", "resume"]), max_size=30))
    def test_nothing_lost_or_repeated(self, steps: list[str]) -> None:
        """A client that always resumes after its last event misses and repeats none."""
        stream = ResumableStream(primed=True)
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
        log = StreamLog()
        stream = log.new(primed=False)
        events = read(stream.open())
        stream.send({"n": 0})
        stream.send({"n": 1})
        last = events[1].id
        assert last is not None
        self.assertEqual(log.find(last), (stream, 1))

    def test_foreign_ids(self) -> None:
        """What is no event id of this log finds nothing."""
        log, other = StreamLog(), StreamLog()
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
        """The oldest stream that is over, or lost, makes room for a new one."""
        log = StreamLog()
        streams = [log.new(primed=False) for _ in range(MAX_STREAMS)]
        for stream in streams:
            stream.open()
        streams[3].close()
        log.new(primed=False)
        self.assertIsNone(log.find(f"{streams[3].id}_0"))
        self.assertIsNotNone(log.find(f"{streams[0].id}_0"))

    def test_open_streams_stay_open(self) -> None:
        """A stream that someone reads is never closed to make room."""
        log = StreamLog()
        channels = [log.new(primed=False).open() for _ in range(MAX_STREAMS + 5)]
        self.assertEqual([channel.is_open for channel in channels].count(False), 0)
