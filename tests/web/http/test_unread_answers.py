"""Tests for answers that clients do not read: how much is held, and for how long."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.abstract import FileDescriptor
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from instantly_mcp.pipeline.replies.channel import Channel, Event
from instantly_mcp.pipeline.replies.reply import EventStream, Reply, json_answer
from instantly_mcp.web.http.limits import WebLimits
from tests.support.cases import ClockedTestCase

from ..site import MemoryServer, request

KILOBYTE = 1024
FULL = FileDescriptor.bufferSize
"""Above so many bytes a transport of Twisted asks its producer to pause."""

PING = request("GET", "/ping")
POST = request("POST", "/mcp", body=b'{"id":1}')


class Selectables:
    """A reactor that calls nothing by itself, and knows what is read from."""

    def __init__(self) -> None:
        self.reads: set[object] = set()

    def addReader(self, reader: object) -> None:
        """Note it."""
        self.reads.add(reader)

    def removeReader(self, reader: object) -> None:
        """Forget it."""
        self.reads.discard(reader)

    def addWriter(self, writer: object) -> None:
        """Do nothing: a test takes what was written."""

    removeWriter = addWriter


class Socket(FileDescriptor):
    """Twisted's own buffering above a kernel that takes only what a test says."""

    def __init__(self, channel: Any) -> None:
        reactor: Any = Selectables()
        super().__init__(reactor)
        self.connected = 1
        self.channel = channel
        self.room = 0
        self.taken = b""
        self.aborted = False
        self.startReading()
        channel.makeConnection(self)

    def getPeer(self) -> UNIXAddress:
        """Return an address."""
        return UNIXAddress("")

    getHost = getPeer

    def writeSomeData(self, data: bytes) -> int:
        """Take as many bytes as there is room for."""
        size = min(self.room, len(data))
        self.room -= size
        self.taken += bytes(data[:size])
        return size

    def take(self, size: int | None = None) -> None:
        """Let the client read so many bytes, or all that is there now."""
        self.room = self.held_bytes - self.offset if size is None else size
        while self.room and (self.dataBuffer or self._tempDataLen) and self.connected:
            if self.doWrite() is not None:
                self.connected = 0
                self.channel.connectionLost(Failure(ConnectionAborted()))
                return
        self.room = 0

    def abortConnection(self) -> None:
        """Note it; the connection is lost in the reactor's next turn."""
        self.aborted = True

    @property
    def reading(self) -> bool:
        """The server reads from the connection."""
        reactor: Any = self.reactor
        return self in reactor.reads

    @property
    def held_bytes(self) -> int:
        """Bytes that the server holds for the client."""
        return len(self.dataBuffer) + self._tempDataLen


@define(eq=False)
class Client:
    """A connection whose client reads only when the test says so."""

    server: MemoryServer
    socket: Socket = field(init=False)

    @socket.default
    def _connect(self) -> Socket:
        return Socket(self.server.site.buildProtocol(None))

    def send(self, data: bytes) -> None:
        """Send, as far as the server reads."""
        if self.socket.reading:
            self.socket.channel.dataReceived(data)

    def lose(self) -> None:
        """End the connection."""
        if self.socket.connected:
            self.socket.connected = 0
            self.socket.channel.connectionLost(Failure(ConnectionAborted()))


class UnreadTestCase(ClockedTestCase):
    limits = WebLimits(
        write_stall_seconds=60.0,
        unread_answers_bytes=1000 * KILOBYTE,
        unread_events_bytes=1000,
        backlog_bytes=600,
    )

    def setUp(self) -> None:
        """Serve answers of 100 kB."""
        super().setUp()
        self.server = MemoryServer(self.clock, self.limits)
        self.server.pipeline.reply = json_answer(200, "x" * 100 * KILOBYTE)

    def connect(self) -> Client:
        """Connect a client that is gone when the test ends."""
        client = Client(self.server)
        self.addCleanup(client.lose)
        return client

    @property
    def answered(self) -> int:
        """How many requests the pipeline was given."""
        return len(self.server.pipeline.exchanges)


class PipeliningTests(UnreadTestCase):
    def test_no_request_is_parsed_while_the_transport_is_full(self):
        """A thousand requests in one packet, and nothing read: one is answered."""
        client = self.connect()
        client.send(POST * 1000)
        self.assertEqual(self.answered, 1)
        self.assertFalse(client.socket.reading)
        self.assertLess(client.socket.held_bytes, 101 * KILOBYTE)

    def test_small_answers_fill_the_transport_once(self):
        """Many small answers are bounded as a large one is."""
        client = self.connect()
        client.send(PING * 3000)
        self.assertLess(client.socket.held_bytes, FULL + KILOBYTE)

    def test_the_next_request_is_answered_when_the_answer_was_taken(self):
        """A client that reads gets every answer, in order, as its transport empties."""
        client = self.connect()
        client.send(POST * 5)
        for number in range(1, 6):
            self.assertEqual(self.answered, number)
            client.socket.take()
        self.assertEqual(client.socket.taken.count(b"HTTP/1.1 200 OK"), 5)
        self.assertTrue(client.socket.reading)
        self.assertEqual(len(self.server.site.unread_answers), 0)

    def test_a_head_cut_where_the_transport_was_full(self):
        """Half a request behind a large answer is completed after it was read."""
        client = self.connect()
        client.send(POST + POST[:30])
        client.socket.take()
        client.send(POST[30:])
        self.assertEqual(self.answered, 2)

    def test_unparsed_bytes_are_bounded(self):
        """Behind a call that takes long a client can leave only so much."""
        answer: Deferred[Reply] = Deferred()
        self.server.pipeline.reply = answer
        client = self.connect()
        client.send(POST)
        for _ in range(100):
            client.send(b"x" * KILOBYTE)
        self.assertFalse(client.socket.reading)
        self.assertLess(len(client.socket.channel._unparsed), 20 * KILOBYTE)
        client.lose()

    def test_unparsed_bytes_do_not_grow_with_each_answer(self):
        """An answered request lets no more be read than its own bytes made room for."""
        waiting: list[Deferred[Reply]] = []

        def run(exchange: object) -> Deferred[Reply]:
            waiting.append(Deferred())
            return waiting[-1]

        self.server.pipeline.reply = run
        client = self.connect()
        most = 0
        for _ in range(300):
            client.send(POST * 500)
            most = max(most, len(client.socket.channel._unparsed))
            waiting.pop().callback(json_answer(200, 1))
            client.socket.take()
        self.assertLess(most, self.limits.unparsed_bytes + len(POST * 500) + KILOBYTE)
        client.lose()

    def test_unparsed_bytes_behind_a_stream_that_is_not_read(self):
        """A full transport does not switch off the bound on what is read."""
        channel = Channel()
        self.server.pipeline.reply = EventStream(channel=channel)
        client = self.connect()
        client.send(request("GET", "/sse"))
        channel.send(Event(data=b"x" * 70 * KILOBYTE))
        for _ in range(100):
            client.send(b"x" * KILOBYTE)
        self.assertFalse(client.socket.reading)
        self.assertLess(len(client.socket.channel._unparsed), 20 * KILOBYTE)

    def test_draining_ends_a_connection_that_is_behind(self):
        """At shutdown the answer is sent, and what was not begun is not answered."""
        client = self.connect()
        client.send(POST * 3)
        self.server.site.drain()
        client.socket.take()
        self.assertEqual((self.answered, len(self.server.site.unread_answers)), (1, 0))
        self.assertEqual(self.server.site.connections, 0)


class StallTests(UnreadTestCase):
    def pass_seconds(self, seconds: int) -> None:
        """Let time pass in small steps."""
        for _ in range(seconds):
            self.clock.advance(1)

    def test_a_silent_reader_is_cut(self):
        """Without progress for 60 s the connection is aborted, not much later."""
        client = self.connect()
        client.send(POST)
        self.pass_seconds(59)
        self.assertFalse(client.socket.aborted)
        self.pass_seconds(16)
        self.assertTrue(client.socket.aborted)
        self.assertEqual(self.server.site.unread_answers.held_bytes, 0)

    def test_a_slow_reader_is_never_cut(self):
        """A reader of a few bytes a minute keeps its connection, for hours."""
        client = self.connect()
        client.send(POST)
        for _ in range(200):
            self.pass_seconds(45)
            client.socket.take(100)
        self.assertFalse(client.socket.aborted)
        client.socket.take()
        self.assertTrue(client.socket.taken.endswith(b'x"'))
        self.pass_seconds(100)
        self.assertFalse(client.socket.disconnecting)

    def test_a_slow_reader_of_the_last_answer_is_not_cut(self):
        """The same holds once the connection is closing."""
        client = self.connect()
        client.send(request("POST", "/mcp", {"Connection": "close"}, b'{"id":1}'))
        for _ in range(20):
            self.pass_seconds(45)
            client.socket.take(100)
        self.assertFalse(client.socket.aborted)
        self.pass_seconds(75)
        self.assertTrue(client.socket.aborted)

    def test_a_slow_reader_of_a_small_answer_outlives_keep_alive(self):
        """An idle connection is closed; what it still has to read, it may read."""
        client = self.connect()
        client.send(PING)
        self.pass_seconds(126)
        self.assertTrue(client.socket.disconnecting)
        for _ in range(5):
            client.socket.take(10)
            self.pass_seconds(45)
        self.assertFalse(client.socket.aborted)
        self.pass_seconds(75)
        self.assertTrue(client.socket.aborted)

    def test_a_stream_with_few_bytes_unread(self):
        """A stream that never fills its transport is watched at its keep-alives."""
        self.server.pipeline.reply = EventStream(channel=Channel())
        client = self.connect()
        client.send(request("GET", "/sse"))
        for _ in range(5):
            self.server.streams.keep_alive()
            client.socket.take()
            self.pass_seconds(15)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        for _ in range(6):
            self.server.streams.keep_alive()
            self.pass_seconds(15)
        self.assertTrue(client.socket.aborted)

    def test_a_stream_behind(self):
        """A stream whose client stopped reading ends after the same time."""
        channel = Channel()
        self.server.pipeline.reply = EventStream(channel=channel)
        client = self.connect()
        client.send(request("GET", "/sse"))
        channel.send(Event(data=b"x" * 70 * KILOBYTE))
        channel.send(Event(data=b"1"))
        self.pass_seconds(75)
        self.assertTrue(client.socket.aborted)
        client.lose()
        self.assertFalse(channel.is_open)
        self.assertEqual(self.server.streams.backlog_bytes, 0)


class TotalTests(UnreadTestCase):
    def test_all_connections_together(self):
        """Beyond the total no request is answered; then the stalled are aborted."""
        clients = [self.connect() for _ in range(30)]
        for client in clients:
            client.send(POST)
        self.assertEqual(self.answered, 10)
        self.assertLess(self.server.site.unread_answers.held_bytes, 1100 * KILOBYTE)
        self.clock.advance(1)
        self.assertTrue(clients[0].socket.aborted)
        self.assertGreater(self.answered, 10)
        self.assertLess(self.server.site.unread_answers.held_bytes, 1100 * KILOBYTE)

    def test_others_are_served_again(self):
        """Within a second a client that reads is answered, whatever others hold."""
        for _ in range(15):
            self.connect().send(POST)
        reader = self.connect()
        reader.send(PING)
        self.clock.advance(1)
        reader.socket.take()
        self.assertIn(b"pong", reader.socket.taken)
        reader.send(PING)
        reader.socket.take()
        self.assertEqual(reader.socket.taken.count(b'"pong"'), 2)

    def test_who_reads_is_cut_last(self):
        """With too much held, a client that reads outlives those that do not."""
        slow = self.connect()
        slow.send(POST)
        silent = [self.connect() for _ in range(12)]
        for client in silent:
            client.send(POST)
        for _ in range(3):
            slow.socket.take(100)
            self.clock.advance(1)
        self.assertFalse(slow.socket.aborted)
        self.assertTrue(any(client.socket.aborted for client in silent))

    def test_room_again(self):
        """A client that reads lets the requests that had to wait go on."""
        clients = [self.connect() for _ in range(12)]
        for client in clients:
            client.send(POST)
        self.assertEqual(self.answered, 10)
        for client in clients:
            client.socket.take()
        self.assertEqual(
            (self.answered, self.server.site.unread_answers.full), (12, False)
        )
        self.assertTrue(all(client.socket.reading for client in clients))

    def test_streams_together(self):
        """Held events of all streams are bounded: the longest behind is dropped."""
        channels = []
        for _ in range(3):
            channels.append(Channel())
            self.server.pipeline.reply = EventStream(channel=channels[-1])
            self.connect().send(request("GET", "/sse"))
            channels[-1].send(Event(data=b"x" * 70 * KILOBYTE))
        for channel in channels:
            channel.send(Event(data=b"x" * 400))
        self.assertEqual([c.is_open for c in channels], [False, True, True])
        self.assertLessEqual(self.server.streams.backlog_bytes, 1000)

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=60))
    def test_the_accounts_agree_with_the_transports(self, steps):
        """Whatever clients do, what is counted is what the transports hold."""
        clock = Clock()
        server = MemoryServer(clock, self.limits)
        server.pipeline.reply = json_answer(200, "x" * 100 * KILOBYTE)
        clients: list[Client] = []
        for action, which in steps:
            if action == 0 or not clients:
                clients.append(Client(server))
                continue
            client = clients[which % len(clients)]
            if action == 1:
                client.send(POST * which)
            elif action == 2:
                client.socket.take(which * 30 * KILOBYTE)
            else:
                clock.advance(which)
            if client.socket.aborted:
                clients.remove(client)
                client.lose()
        for client in clients:
            client.socket.take(10)
            server.site.unread_answers.watch(client.socket.channel)
        held = sum(client.socket.held_bytes for client in clients)
        self.assertEqual(server.site.unread_answers.held_bytes, held)
        for client in clients:
            client.lose()
        self.assertEqual(server.site.unread_answers.held_bytes, 0)
        self.assertEqual(clock.getDelayedCalls(), [])
