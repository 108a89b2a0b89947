"""The bounded queue between a call and its event stream."""

from __future__ import annotations

import gc
from collections import deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from instantly_mcp.pipeline.replies.channel import (
    Channel,
    ChannelSink,
    Event,
    message_event,
)
from instantly_mcp.protocol.interfaces import INotificationSink

BOUND = 20


def event(text: str) -> Event:
    """Return an event with this payload."""
    return Event(data=text.encode())


class Reader:
    """Takes events, and counts how often they end."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.ends = 0

    def attach_to(self, channel: Channel) -> None:
        """Read the channel."""
        channel.attach(self.events.append, self.end)

    def end(self) -> None:
        """Count the end."""
        self.ends += 1


class ChannelTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Make a channel with a small bound, and a reader."""
        self.channel = Channel(BOUND)
        self.reader = Reader()
        self.closed: list[str] = []

    def test_waits_for_a_reader(self) -> None:
        """Events that were sent before the reader came reach it in order."""
        for text in "abc":
            self.channel.send(event(text))
        self.reader.attach_to(self.channel)
        self.channel.send(event("d"))
        self.assertEqual(
            [one.data for one in self.reader.events], [b"a", b"b", b"c", b"d"]
        )

    def test_close(self) -> None:
        """Closing ends the reader once, after what was sent, and then nothing comes."""
        self.reader.attach_to(self.channel)
        self.channel.when_closed(lambda: self.closed.append("closed"))
        self.channel.send(event("a"))
        self.channel.close()
        self.channel.close()
        self.channel.send(event("b"))
        self.assertEqual([one.data for one in self.reader.events], [b"a"])
        self.assertEqual((self.reader.ends, self.closed), (1, ["closed"]))

    def test_closed_before_the_reader(self) -> None:
        """A reader that comes late gets what waited, and then the end."""
        self.channel.send(event("a"))
        self.channel.close()
        self.reader.attach_to(self.channel)
        self.assertEqual([one.data for one in self.reader.events], [b"a"])
        self.assertEqual(self.reader.ends, 1)

    def test_when_closed_late(self) -> None:
        """A callback that is added after the end is called at once."""
        self.channel.close()
        self.channel.when_closed(lambda: self.closed.append("closed"))
        self.assertEqual(self.closed, ["closed"])

    def test_abandon(self) -> None:
        """When the reader leaves, only the sender is notified."""
        self.reader.attach_to(self.channel)
        self.channel.when_closed(lambda: self.closed.append("closed"))
        self.channel.abandon()
        self.channel.abandon()
        self.assertFalse(self.channel.is_open)
        self.assertEqual((self.reader.ends, self.closed), (0, ["closed"]))

    def test_backlog(self) -> None:
        """A backlog beyond the bound drops the channel and all that waited."""
        self.channel.when_closed(lambda: self.closed.append("closed"))
        self.channel.send(event("x" * BOUND))
        self.assertTrue(self.channel.is_open)
        self.channel.send(event("y"))
        self.assertFalse(self.channel.is_open)
        self.assertEqual(self.closed, ["closed"])
        self.reader.attach_to(self.channel)
        self.assertEqual((self.reader.events, self.reader.ends), ([], 1))

    def test_no_backlog_with_a_reader(self) -> None:
        """What a reader takes does not count."""
        self.reader.attach_to(self.channel)
        for _ in range(10):
            self.channel.send(event("x" * BOUND))
        self.assertTrue(self.channel.is_open)
        self.assertEqual(len(self.reader.events), 10)

    def test_reader_that_leaves_while_it_reads(self) -> None:
        """A reader that abandons the channel in the middle gets nothing more."""
        seen = []

        def read(one: Event) -> None:
            seen.append(one.data)
            self.channel.abandon()

        self.channel.send(event("a"))
        self.channel.send(event("b"))
        self.channel.attach(read, self.reader.end)
        self.channel.send(event("c"))
        self.assertEqual(seen, [b"a"])
        self.assertFalse(self.channel.is_open)

    def test_idle_holds_nothing(self) -> None:
        """What waited for the reader leaves no queue behind once it was read."""
        self.channel.send(event("a"))
        self.reader.attach_to(self.channel)
        held = gc.get_referents(self.channel)
        self.assertFalse([one for one in held if isinstance(one, deque)])

    def test_closing_within_a_callback(self) -> None:
        """Closing again from within the end is harmless."""
        self.channel.when_closed(self.channel.close)
        self.channel.attach(self.reader.events.append, self.channel.close)
        self.channel.close()
        self.assertFalse(self.channel.is_open)


class ChannelMachine(RuleBasedStateMachine):
    """Any order of what either side does, against what must come of it."""

    def __init__(self) -> None:
        super().__init__()
        self.channel = Channel(BOUND)
        self.reader: Reader | None = None
        self.accepted: list[Event] = []
        self.closures = 0
        self.waiting = 0
        self.abandoned = False
        self.channel.when_closed(self.count)

    def count(self) -> None:
        """Count how often the channel closes."""
        self.closures += 1

    @rule(size=st.integers(0, 12))
    def send(self, size: int) -> None:
        """The sender sends."""
        if self.channel.is_open and self.reader is None:
            self.waiting += size
        if self.channel.is_open and self.waiting <= BOUND:
            self.accepted.append(event("x" * size))
        elif self.channel.is_open:
            self.accepted.clear()
            self.abandoned = True
        self.channel.send(event("x" * size))

    @precondition(lambda self: self.reader is None)
    @rule()
    def attach(self) -> None:
        """The reader comes."""
        self.reader = Reader()
        self.waiting = 0
        self.reader.attach_to(self.channel)

    @rule()
    def close(self) -> None:
        """The sender is done."""
        self.channel.close()

    @rule()
    def abandon(self) -> None:
        """The reader leaves."""
        if self.reader is None:
            self.accepted.clear()
            self.abandoned = True
        self.channel.abandon()

    @invariant()
    def delivers(self) -> None:
        """A reader has exactly what was accepted, in order."""
        if self.reader is not None:
            assert self.reader.events == self.accepted

    @invariant()
    def closes_once(self) -> None:
        """It closes once and stays closed; its reader is notified at most once."""
        assert self.closures == int(not self.channel.is_open)
        assert self.reader is None or self.reader.ends <= 1

    @invariant()
    def is_bounded(self) -> None:
        """What waits never exceeds the bound while the channel is open."""
        assert self.waiting <= BOUND or not self.channel.is_open


class ChannelProperties(SynchronousTestCase):
    def test_any_order(self) -> None:
        """Whatever both sides do in whatever order, nothing is lost or repeated."""
        run_state_machine_as_test(
            ChannelMachine, settings=settings(deadline=None, max_examples=100)
        )


class ChannelSinkTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Make a sink that is read."""
        self.channel = Channel()
        self.events: list[Event] = []
        self.channel.attach(self.events.append, lambda: None)
        self.sink = ChannelSink(self.channel)

    def test_provides(self) -> None:
        """It is a sink."""
        self.assertTrue(verifyObject(INotificationSink, self.sink))

    def test_sends(self) -> None:
        """A message is one event named message, whose data is one line of JSON."""
        self.sink.send({"a": "x\ny"})
        self.assertEqual(self.events, [message_event({"a": "x\ny"})])
        self.assertEqual(self.events[0].name, "message")
        self.assertNotIn(b"\n", self.events[0].data)

    def test_interrupt(self) -> None:
        """A stream that cannot be resumed is not interrupted, only closed."""
        self.sink.interrupt()
        self.assertTrue(self.channel.is_open)
        self.sink.close()
        self.assertFalse(self.channel.is_open)
