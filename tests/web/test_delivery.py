"""Tests for the single owner of a response."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.interfaces import IPushProducer
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import IResource
from twisted.web.server import NOT_DONE_YET
from twisted.web.test.requesthelper import DummyRequest
from zope.interface.verify import verifyObject

from instantly_mcp.pipeline.replies.channel import Channel, Event
from instantly_mcp.pipeline.replies.reply import Answer, EventStream, json_answer
from instantly_mcp.web.delivery import BEGUN, Delivery, Stream, Streams
from instantly_mcp.web.http.limits import WebLimits
from instantly_mcp.web.sse_writer import KEEP_ALIVE

STEPS = ("send", "send", "pause", "resume", "tick", "close", "leave", "end", "stop")


@define(eq=False)
class Sheet:
    """A response that says what was done to it, and objects to what must not be."""

    method: bytes = b"POST"
    gone: bool = False
    left: bool = False
    started: int = 0
    status: int = 0
    headers: list[tuple[str, str]] = field(factory=list)
    length: int | None = None
    written: list[bytes] = field(factory=list)
    producer: IPushProducer | None = None
    aborted: int = 0
    settled: int = 0
    watched: int = 0
    finished: int = 0

    def start(
        self, status: int, headers: Iterable[tuple[str, str]], length: int | None
    ) -> None:
        """Start, once, and only for a client that is there."""
        if self.started or self.gone:
            raise AssertionError("started twice, or after the client left")
        self.started += 1
        self.status, self.headers, self.length = status, list(headers), length

    def answer(self, answer: Answer, extra: Iterable[tuple[str, str]] = ()) -> None:
        """Start, and write the body."""
        self.start(answer.status, (*answer.headers, *extra), len(answer.body))
        self.write(answer.body)

    def write(self, data: bytes) -> None:
        """Write, after the start and before the end."""
        if not self.started or self.gone:
            raise AssertionError("written before the start or after the end")
        self.written.append(data)

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        """Take one producer."""
        if self.producer is not None or not streaming:
            raise AssertionError("a second producer, or one that pulls")
        self.producer = producer

    def unregisterProducer(self) -> None:
        """Release it."""
        if self.producer is None or self.left:
            raise AssertionError("no producer, or no connection")
        self.producer = None

    def watch_reader(self) -> None:
        """Count, what has begun and has not ended."""
        if self.gone or not self.started:
            raise AssertionError("watched too early or too late")
        self.watched += 1

    def settle(self) -> None:
        """Settle, once, what has begun and has not ended."""
        if self.settled or self.gone or not self.started:
            raise AssertionError("settled twice, too early or too late")
        self.settled += 1

    def finish(self) -> None:
        """End, for a client that is there, without a producer."""
        if not self.started or self.gone or self.producer is not None:
            raise AssertionError("ended before the start or after the end")
        self.finished += 1
        self.gone = True

    def abort(self) -> None:
        """Abort."""
        self.aborted += 1


class DeliverTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Make the owner of a response, and a channel."""
        self.streams = Streams(WebLimits(backlog_bytes=100))
        self.delivery = Delivery(self.streams)
        self.sheet = Sheet()
        self.channel = Channel()

    def stream(self) -> None:
        """Deliver the channel's events."""
        reply = EventStream(channel=self.channel, headers=(("X-A", "b"),))
        self.assertIs(self.delivery.deliver(self.sheet, reply), BEGUN)

    def test_an_answer(self):
        """An answer is written in one go, with the extra headers, to be ended."""
        reply = json_answer(201, [1])
        self.assertIsNone(self.delivery.deliver(self.sheet, reply, [("X", "y")]))
        self.assertEqual((self.sheet.status, self.sheet.length), (201, 3))
        self.assertIn(("X", "y"), self.sheet.headers)
        self.assertEqual(self.sheet.written, [b"[1]"])

    def test_no_client_left(self):
        """A reply for a client that has left goes nowhere, and ends its channel."""
        self.sheet.gone = True
        self.assertIsNone(self.delivery.deliver(self.sheet, json_answer(200, 1)))
        reply = EventStream(channel=self.channel)
        self.assertIsNone(self.delivery.deliver(self.sheet, reply))
        self.assertFalse(self.channel.is_open)
        self.assertEqual(self.sheet.started, 0)

    def test_head_never_opens_a_stream(self):
        """HEAD gets the headers of a stream; the stream itself is ended."""
        self.sheet.method = b"HEAD"
        reply = EventStream(channel=self.channel)
        self.assertIsNone(self.delivery.deliver(self.sheet, reply))
        self.assertIn(("Content-Type", "text/event-stream"), self.sheet.headers)
        self.assertFalse(self.channel.is_open)
        self.assertEqual((self.sheet.written, self.streams.count), ([], 0))

    def test_a_stream(self):
        """Events sent before and after the start arrive; closing ends the response."""
        self.channel.send(Event(data=b"1"))
        self.stream()
        self.channel.send(Event(data=b"2"))
        self.assertEqual(self.sheet.written, [b"data: 1\n\n", b"data: 2\n\n"])
        self.assertIn(("X-Accel-Buffering", "no"), self.sheet.headers)
        self.assertIn(("X-A", "b"), self.sheet.headers)
        self.assertIsNone(self.sheet.length)
        self.assertEqual(self.streams.count, 1)
        self.assertEqual((self.sheet.settled, self.sheet.finished), (1, 0))
        self.channel.close()
        self.assertEqual(self.sheet.finished, 1)
        self.assertEqual(self.streams.count, 0)

    def test_a_stream_that_is_over_already(self):
        """A channel closed before the response starts gives its events and ends."""
        self.channel.send(Event(data=b"1"))
        self.channel.close()
        self.stream()
        self.assertEqual(self.sheet.written, [b"data: 1\n\n"])
        self.assertEqual((self.sheet.settled, self.sheet.finished), (0, 1))

    def test_back_pressure(self):
        """While the client does not read events wait, and the end waits for them."""
        self.stream()
        producer = self.sheet.producer
        assert producer is not None
        producer.pauseProducing()
        self.channel.send(Event(data=b"1"))
        self.channel.send(Event(data=b"2"))
        self.channel.close()
        self.assertEqual(self.sheet.written, [])
        self.assertEqual(self.sheet.finished, 0)
        producer.resumeProducing()
        self.assertEqual(self.sheet.written, [b"data: 1\n\n", b"data: 2\n\n"])
        self.assertEqual(self.sheet.finished, 1)

    def test_a_client_that_never_reads(self):
        """Beyond the backlog's limit the stream is dropped, and nothing is kept."""
        self.stream()
        assert self.sheet.producer is not None
        self.sheet.producer.pauseProducing()
        self.channel.send(Event(data=b"x" * 60))
        self.assertTrue(self.channel.is_open)
        self.channel.send(Event(data=b"x" * 60))
        self.assertFalse(self.channel.is_open)
        self.assertEqual((self.sheet.aborted, self.streams.count), (1, 0))
        self.assertEqual(self.sheet.written, [])

    def test_keep_alive(self):
        """A comment goes to every stream, but not to one that does not read.

        Whether its client stopped reading is for the connection to see.
        """
        self.stream()
        self.streams.keep_alive()
        self.assertEqual((self.sheet.written, self.sheet.watched), ([KEEP_ALIVE], 1))
        assert self.sheet.producer is not None
        self.sheet.producer.pauseProducing()
        self.streams.keep_alive()
        self.assertEqual((self.sheet.written, self.sheet.aborted), ([KEEP_ALIVE], 0))

    def test_keep_alive_in_turns(self):
        """Each turn is for an even part of the streams; all turns are for all."""
        streams = Streams(WebLimits(), turns=3)
        sheets = [Sheet() for _ in range(7)]
        for sheet in sheets:
            Delivery(streams).deliver(sheet, EventStream(channel=Channel()))
        self.assertEqual(streams.count, 7)
        counts = []
        for _ in range(3):
            streams.keep_alive()
            counts.append(sum(len(sheet.written) for sheet in sheets))
        self.assertEqual(counts, [3, 5, 7])
        self.assertEqual([sheet.written for sheet in sheets], [[KEEP_ALIVE]] * 7)
        streams.end_all()
        self.assertEqual(streams.count, 0)

    def test_turns_stay_even(self):
        """A stream that opens takes the turn of one that has ended."""
        streams = Streams(WebLimits(), turns=2)
        channels = [Channel() for _ in range(4)]
        for channel in channels:
            Delivery(streams).deliver(Sheet(), EventStream(channel=channel))
        channels[0].close()
        channels[2].close()
        sheets = [Sheet(), Sheet()]
        for sheet in sheets:
            Delivery(streams).deliver(sheet, EventStream(channel=Channel()))
        streams.keep_alive()
        self.assertEqual([sheet.written for sheet in sheets], [[KEEP_ALIVE]] * 2)

    def test_reading_again_is_progress(self):
        """A client that reads now and then is never dropped for being slow."""
        self.stream()
        assert self.sheet.producer is not None
        for _ in range(10):
            self.sheet.producer.pauseProducing()
            self.streams.keep_alive()
            self.sheet.producer.resumeProducing()
        self.assertEqual((self.sheet.aborted, self.streams.count), (0, 1))

    def test_disconnect(self):
        """A client that leaves abandons the channel; nothing is written after."""
        self.stream()
        self.sheet.gone = self.sheet.left = True
        assert self.sheet.producer is not None
        self.sheet.producer.stopProducing()
        self.assertFalse(self.channel.is_open)
        self.channel.send(Event(data=b"1"))
        self.assertEqual((self.sheet.written, self.streams.count), ([], 0))

    def test_end_all(self):
        """All streams can be ended after what was sent on them."""
        self.stream()
        self.streams.end_all()
        self.assertEqual((self.sheet.finished, self.streams.count), (1, 0))

    def test_begun(self):
        """What Klein is given for a stream is a resource that leaves it alone."""
        self.assertTrue(verifyObject(IResource, BEGUN))
        request = DummyRequest([b"mcp"])
        self.assertEqual(BEGUN.render(request), NOT_DONE_YET)
        self.assertEqual((request.written, request.finished), ([], 0))

    def test_an_event_that_cannot_be_written(self):
        """A stream that fails as it begins is not counted, and the bug is reported."""
        self.channel.send(Event(data=b"1", id="a\nb"))
        self.assertRaises(ValueError, self.stream)
        self.assertEqual((self.streams.count, self.sheet.settled), (0, 0))

    def test_interface(self):
        """A stream is a push producer."""
        stream = Stream(self.sheet, self.channel, self.streams)
        self.assertTrue(verifyObject(IPushProducer, stream))


@define(eq=False)
class Play:
    """One stream, to which things happen."""

    streams: Streams
    sheet: Sheet = field(factory=Sheet)
    channel: Channel = field(factory=Channel)
    sent: list[bytes] = field(factory=list)

    def begin(self, waiting: int) -> None:
        """Start with some events that wait already."""
        for _ in range(waiting):
            self.send()
        reply = EventStream(channel=self.channel)
        Delivery(self.streams).deliver(self.sheet, reply)

    def send(self) -> None:
        """Send one more event."""
        if self.channel.is_open:
            self.sent.append(b"%d" % len(self.sent))
            self.channel.send(Event(data=self.sent[-1]))

    def leave(self) -> None:
        """Let the client leave, and the connection tell its producer."""
        self.sheet.gone = self.sheet.left = True
        if self.sheet.producer is not None:
            self.sheet.producer.stopProducing()

    def take(self, step: str) -> None:
        """Let one thing happen."""
        producer = self.sheet.producer
        steps: dict[str, Callable[[], None]] = {
            "send": self.send,
            "tick": self.streams.keep_alive,
            "close": self.channel.close,
            "end": self.streams.end_all,
            "leave": self.leave,
        }
        if step in steps:
            steps[step]()
        elif producer is not None and not self.sheet.left:
            if step == "pause":
                producer.pauseProducing()
            elif step == "resume":
                producer.resumeProducing()
            else:
                producer.stopProducing()
                self.sheet.left = True
        if self.sheet.aborted or self.sheet.left:
            self.sheet.gone = True


class OwnershipTests(SynchronousTestCase):
    @given(st.lists(st.sampled_from(STEPS), max_size=30), st.integers(0, 3))
    def test_exactly_one_component_writes(self, steps, waiting):
        """Whatever happens in whatever order, the response is started once, written
        only between start and end, and the events that arrive are a prefix of those
        sent, in order; the channel and the count of streams end with it.
        """
        play = Play(Streams(WebLimits(backlog_bytes=60)))
        play.begin(waiting)
        for step in steps:
            play.take(step)
        body = b"".join(play.sheet.written).replace(KEEP_ALIVE, b"")
        whole = b"".join(b"data: %b\n\n" % data for data in play.sent)
        self.assertTrue(whole.startswith(body), (whole, body))
        self.assertEqual(play.sheet.started, 1)
        self.assertLessEqual(play.sheet.aborted, 1)
        self.assertLessEqual(play.sheet.finished, 1)
        if play.sheet.gone:
            self.assertFalse(play.channel.is_open)
            self.assertEqual(play.streams.count, 0)
        elif play.channel.is_open:
            self.assertEqual(play.streams.count, 1)
