"""Tests for one connection: what it reads, what it refuses, when it gives up."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from instantly_mcp.pipeline.replies.channel import Channel, Event
from instantly_mcp.pipeline.replies.reply import EventStream, Reply, json_answer
from instantly_mcp.web.http.limits import WebLimits
from tests.support.cases import ClockedTestCase

from ..site import Connection, MemoryServer, request

PING = request("GET", "/ping")
POST = request("POST", "/mcp", body=b'{"id":1}')
CHUNKED = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"


class ChannelTestCase(ClockedTestCase):
    """Tests with a site on a driven clock; every connection ends with the test."""

    def setUp(self) -> None:
        """Make a site."""
        super().setUp()
        self.server = MemoryServer(
            self.clock, WebLimits(body_bytes=1000, all_bodies_bytes=1500)
        )

    def connect(self, server: MemoryServer | None = None) -> Connection:
        """Open a connection that is closed at the end."""
        connection = (server or self.server).connect()
        self.addCleanup(connection.hang_up)
        return connection


class ChunkSizeTests(ChannelTestCase):
    def test_bare_line_feed(self):
        """A chunk-size line that ends in a bare LF is 400 at once."""
        for line in (b"3\nabc", b"3;a=b\n", b"\n"):
            connection = self.connect()
            connection.send(CHUNKED + line)
            self.assertEqual([r.status for r in connection.responses()], [400], line)

    def test_size_line_in_pieces(self):
        """A chunk-size line may come byte by byte, its CR before its LF."""
        connection = self.connect()
        for byte in CHUNKED + b"3\r\nabc\r\n0\r\n\r\n":
            connection.send(bytes((byte,)))
        self.assertEqual([r.status for r in connection.responses()], [200])


class ReadingTests(ChannelTestCase):
    def test_one_request_after_the_other(self):
        """A connection carries many requests."""
        connection = self.connect()
        for _ in range(3):
            connection.send(PING)
            self.assertEqual([r.status for r in connection.responses()], [200])
        self.assertFalse(connection.closing)

    @given(st.data())
    def test_bytes_in_any_portions(self, data):
        """However the bytes are cut, the same requests are answered in order."""
        chunked = CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"
        stream = POST + PING + chunked + b"\r\n" + POST
        cuts = data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=8))
        server = MemoryServer(Clock())
        connection = server.connect()
        edges = [0, *sorted(cuts), len(stream)]
        for start, end in pairwise(edges):
            connection.send(stream[start:end])
        self.assertEqual([r.status for r in connection.responses()], [200] * 4)
        bodies = [exchange.body for exchange in server.pipeline.exchanges]
        self.assertEqual(bodies, [b'{"id":1}', b"abc", b'{"id":1}'])
        connection.hang_up()

    def test_thousands_of_pipelined_requests(self):
        """A packet full of requests is a loop, not a recursion."""
        connection = self.connect()
        connection.send(PING * 3000)
        self.assertEqual(len(connection.responses()), 3000)

    def test_a_pipelined_request_waits_for_the_answer_before_it(self):
        """The second request reaches the pipeline when the first is answered."""
        first: Deferred[Reply] = Deferred()
        self.server.pipeline.reply = first
        connection = self.connect()
        connection.send(POST + POST)
        self.assertEqual(len(self.server.pipeline.exchanges), 1)
        self.server.pipeline.reply = json_answer(200, 2)
        first.callback(json_answer(200, 1))
        self.assertEqual([r.json() for r in connection.responses()], [1, 2])

    def test_expect_continue(self):
        """A client that waits for permission to send its body gets it."""
        connection = self.connect()
        connection.send(
            request("POST", "/mcp", {"Expect": "100-continue", "Content-Length": "2"})
        )
        self.assertEqual(connection.output(), b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.send(b"{}")
        self.assertEqual([r.status for r in connection.responses()], [200])

    def test_no_continue_for_a_client_that_did_not_wait(self):
        """With the whole body there already, the answer is the first thing said."""
        headers = {"Expect": "100-continue", "Content-Length": "2"}
        connection = self.connect()
        connection.send(request("POST", "/mcp", headers) + b"{}")
        self.assertTrue(connection.output().startswith(b"HTTP/1.1 200 OK"))

    def test_only_http_1_1_is_negotiated(self):
        """Over TLS only HTTP/1.1 is offered."""
        self.assertEqual(self.server.site.acceptableProtocols(), [b"http/1.1"])

    def test_connection_close(self):
        """A client that asks to close gets Connection: close, and is closed."""
        connection = self.connect()
        response = connection.ask("GET", "/ping", {"Connection": "close"})
        self.assertEqual(response.one("connection"), "close")
        self.assertTrue(connection.closing)

    def test_bodies_are_let_go(self):
        """Nothing is counted as held once the answers are there."""
        connection = self.connect()
        connection.send(POST * 3)
        self.assertEqual(self.server.site.held_bytes, 0)


class RefusingTests(ChannelTestCase):
    def refused(self, data: bytes, status: int) -> Connection:
        """Send bytes that are refused with a JSON body and the connection's end."""
        connection = self.connect()
        connection.send(data)
        (response,) = connection.responses()
        self.assertEqual(response.status, status)
        self.assertIn("error", response.json())
        self.assertEqual(response.one("connection"), "close")
        self.assertEqual(response.one("cache-control"), "no-store")
        self.assertTrue(connection.closing)
        self.assertEqual(self.server.pipeline.exchanges, [])
        return connection

    def test_tls_hello(self):
        """TLS on a plain port is refused at its first bytes, not after 10 s."""
        self.refused(bytes.fromhex("16030100c8010000c40303"), 400)

    def test_smuggling(self):
        """An ambiguous request is 400, and what follows it is never read."""
        for lines in (
            b"Content-Length: 5\r\nTransfer-Encoding: chunked",
            b"Content-Length: 5\r\nContent-Length: 5",
            b"Transfer-Encoding: chunked, identity",
            b"X : y",
            b"X: y\r\n folded",
        ):
            data = b"POST /mcp HTTP/1.1\r\nHost: h\r\n" + lines + b"\r\n\r\n"
            connection = self.refused(data + b"0\r\n\r\n" + PING, 400)
            connection.send(PING)
            self.assertEqual(connection.output(), b"")

    def test_bare_line_feeds(self):
        """Lines that end in LF alone are refused at once, not after the deadline."""
        self.refused(b"GET /ping HTTP/1.1\nHost: h\n\n", 400)

    def test_chunks(self):
        """Malformed chunks are refused with 400."""
        for chunks in (
            b"0x3\r\nabc\r\n0\r\n\r\n",
            b"+3\r\nabc\r\n0\r\n\r\n",
            b"3\nabc\n0\n\n" + b"x" * 1100,
            b"3;\x00\r\nabc\r\n0\r\n\r\n",
            b"3\r\nabcd\r\n0\r\n\r\n",
            b"z\r\n",
        ):
            self.refused(CHUNKED + chunks, 400)

    def test_sizes(self):
        """An endless head is 431, an endless target 414, before they end."""
        self.refused(b"GET /ping HTTP/1.1\r\n" + b"X: y\r\n" * 8000, 431)
        self.refused(b"GET /" + b"a" * 40_000, 414)

    def test_a_large_body_is_refused_by_its_length(self):
        """413 comes with the head; no byte of the body is waited for."""
        self.refused(request("POST", "/mcp", {"Content-Length": "1001"}), 413)

    def test_a_large_body_is_refused_while_it_arrives(self):
        """413 comes when chunks add up to too much."""
        chunk = b"1f4\r\n" + b"x" * 500 + b"\r\n"
        self.refused(CHUNKED + chunk * 3, 413)
        self.assertEqual(self.server.site.held_bytes, 0)

    def test_too_many_bytes_at_once(self):
        """Bodies that together would fill the memory are 503."""
        half = request("POST", "/mcp", {"Content-Length": "1000"}) + b"x" * 800
        self.connect().send(half)
        self.refused(half, 503)
        self.assertEqual(self.server.site.held_bytes, 800)

    def test_mcp_routes_refuse_in_json_rpc(self):
        """On an MCP route the refusal is a JSON-RPC error without an id."""
        connection = self.connect()
        connection.send(request("POST", "/mcp/KEY", {"Content-Length": "9999999"}))
        body = connection.responses()[0].json()
        self.assertEqual(set(body), {"jsonrpc", "error"})
        self.assertEqual(body["error"]["code"], -32600)

    def test_a_refused_client_may_finish_sending(self):
        """What arrives after a refusal is discarded for a while; then it is aborted."""
        connection = self.refused(request("POST", "/mcp", {"Expect": "x"}), 417)
        connection.send(b"x" * 100_000)
        self.assertFalse(connection.pipe.aborted)
        self.clock.advance(self.server.limits.linger_seconds)
        self.assertTrue(connection.pipe.aborted)


class DeadlineTests(ChannelTestCase):
    def test_slow_head(self):
        """A head that arrives too slowly is 408 at 10 s."""
        connection = self.connect()
        for byte in PING[:9]:
            connection.send(bytes([byte]))
            self.clock.advance(1)
        self.assertEqual(connection.output(), b"")
        connection.send(PING[9:10])
        self.clock.advance(1)
        self.assertEqual([r.status for r in connection.responses()], [408])
        self.assertTrue(connection.closing)

    def test_on_a_used_connection(self):
        """A later head has its 10 s from its own first byte."""
        connection = self.connect()
        connection.send(PING)
        self.clock.advance(100)
        connection.responses()
        connection.send(PING[:5])
        self.clock.advance(9.5)
        connection.send(PING[5:9])
        self.assertFalse(connection.closing)
        self.clock.advance(0.5)
        self.assertEqual([r.status for r in connection.responses()], [408])

    def test_what_arrived_in_time_is_read_first(self):
        """A head or a body that arrived while the reactor was busy is not too late:
        after a long turn timers run before anything is read.
        """
        limits = self.server.limits
        fresh = self.connect()
        self.clock.callLater(limits.head_seconds, fresh.send, PING)
        self.clock.advance(limits.head_seconds)
        self.assertEqual([r.status for r in fresh.responses()], [200])
        idle = self.connect()
        idle.send(PING)
        idle.responses()
        self.clock.callLater(limits.keep_alive_seconds, idle.send, PING)
        self.clock.advance(limits.keep_alive_seconds)
        self.assertEqual([r.status for r in idle.responses()], [200])
        slow = self.connect()
        slow.send(request("POST", "/mcp", {"Content-Length": "2"}))
        self.clock.callLater(limits.body_seconds, slow.send, b"{}")
        self.clock.advance(limits.body_seconds)
        self.assertNotIn(408, [r.status for r in slow.responses()])

    def test_slow_body(self):
        """A body that arrives too slowly is 408 at 30 s."""
        connection = self.connect()
        connection.send(request("POST", "/mcp", {"Content-Length": "100"}))
        for _ in range(29):
            self.clock.advance(1)
            connection.send(b"x")
        self.assertEqual(connection.output(), b"")
        self.clock.advance(1)
        (response,) = connection.responses()
        self.assertEqual(response.status, 408)
        self.assertEqual(response.json()["error"]["code"], -32600)

    def test_silence_is_closed_without_a_word(self):
        """A connection that never asks is closed; there is nothing to answer."""
        connection = self.connect()
        self.clock.advance(10)
        self.assertTrue(connection.closing)
        self.assertEqual(connection.output(), b"")

    def test_keep_alive(self):
        """An idle connection is kept 125 s after its last answer, and then closed."""
        connection = self.connect()
        for _ in range(2):
            connection.send(PING)
            connection.output()
            self.clock.advance(124.9)
            self.assertFalse(connection.closing)
        self.clock.advance(0.2)
        self.assertTrue(connection.closing)

    def test_a_call_has_all_the_time_it_needs(self):
        """No deadline of the connection runs while an answer is being made."""
        answer: Deferred[Reply] = Deferred()
        self.server.pipeline.reply = answer
        connection = self.connect()
        connection.send(POST)
        self.clock.advance(1000)
        self.assertFalse(connection.closing)
        answer.callback(json_answer(200, "late"))
        self.assertEqual([r.json() for r in connection.responses()], ["late"])

    def test_a_client_that_does_not_read_its_answer_is_cut(self):
        """Closing waits for the last bytes to be read, but not for ever."""
        connection = self.connect()
        connection.send(request("GET", "/ping", {"Connection": "close"}))
        self.clock.advance(self.server.limits.keep_alive_seconds)
        self.assertTrue(connection.pipe.aborted)


class StreamingTests(ChannelTestCase):
    """A connection on which an event stream is open."""

    def setUp(self) -> None:
        """Answer with a stream."""
        super().setUp()
        self.stream = Channel()
        self.server.pipeline.reply = EventStream(channel=self.stream)

    def open(self) -> Connection:
        """Open the stream; read the head of its response."""
        connection = self.connect()
        connection.send(request("GET", "/mcp", {"x-api-key": "a-key-of-many-letters"}))
        self.assertTrue(connection.output().startswith(b"HTTP/1.1 200 OK\r\n"))
        return connection

    def test_no_timer(self):
        """An open stream has no timer of its own."""
        self.open()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_no_headers(self):
        """An open stream no longer holds the headers it was asked for with."""
        (held,) = self.open().channel.requests
        self.assertEqual((dict(held.head.headers), held.head.method), ({}, "GET"))

    def test_no_waiting_client(self):
        """Klein waits for nothing, whether the stream came at once or late."""
        (held,) = self.open().channel.requests
        self.assertEqual(held.notifications, [])
        late: Deferred[Reply] = Deferred()
        self.server.pipeline.reply = late
        connection = self.connect()
        connection.send(request("GET", "/mcp"))
        late.callback(EventStream(channel=Channel()))
        (held,) = connection.channel.requests
        self.assertEqual(held.notifications, [])

    def test_end(self):
        """The stream ends its response, and the connection carries another request."""
        connection = self.open()
        self.stream.send(Event(data=b"1"))
        self.stream.close()
        self.assertEqual(connection.output(), b"9\r\ndata: 1\n\n\r\n0\r\n\r\n")
        self.assertEqual(connection.ask("GET", "/ping").status, 200)
        self.clock.advance(self.server.limits.keep_alive_seconds - 0.1)
        self.assertFalse(connection.closing)
        self.clock.advance(0.1)
        self.assertTrue(connection.closing)

    def test_a_request_behind_it(self):
        """What a client sends while its stream is open is answered when it is over."""
        connection = self.open()
        connection.send(PING)
        self.assertEqual(connection.output(), b"")
        self.stream.close()
        rest = connection.output()
        self.assertTrue(rest.startswith(b"0\r\n\r\nHTTP/1.1 200 OK\r\n"), rest)

    def test_disconnect(self):
        """A client that leaves closes its stream, and is logged once."""
        connection = self.server.connect()
        connection.send(request("GET", "/mcp"))
        connection.hang_up()
        self.assertFalse(self.stream.is_open)
        self.assertEqual(self.server.streams.count, 0)
        self.assertEqual(len(self.server.metrics.exchanges), 1)
        self.stream.send(Event(data=b"1"))


class CrowdTests(ChannelTestCase):
    def setUp(self) -> None:
        """Let in two connections, read one more, and have one more close."""
        super().setUp()
        limits = WebLimits(connections=2, crowded_connections=1, closing_connections=1)
        self.server = MemoryServer(self.clock, limits)

    def test_connections(self):
        """Beyond the limit of connections only probes are served, the rest is 503."""
        self.connect(), self.connect()
        third = self.connect()
        third.send(POST)
        (response,) = third.responses()
        self.assertEqual((response.status, response.one("retry-after")), (503, "2"))
        self.assertEqual(response.json()["jsonrpc"], "2.0")
        third.hang_up()
        for path in ("/healthz", "/health", "/readyz", "/ready", "/ping"):
            probe = self.server.connect()
            self.assertEqual(probe.ask("GET", path).status, 200)
            self.assertTrue(probe.closing)
            probe.hang_up()

    def test_full_queue(self):
        """In a full queue the oldest connection is closed, so that probes get in."""
        self.connect(), self.connect()
        silent = self.connect()
        probe = self.connect()
        self.assertEqual([r.status for r in silent.responses()], [503])
        self.assertTrue(silent.closing)
        self.assertEqual(probe.ask("GET", "/healthz").status, 200)

    def test_refused_and_not_gone(self):
        """A refused client that lingers is aborted when another one comes."""
        self.connect(), self.connect()
        refused = self.connect()
        self.assertEqual(refused.ask("POST", "/mcp").status, 503)
        self.assertFalse(refused.pipe.aborted)
        self.connect()
        self.assertTrue(refused.pipe.aborted)
        self.assertEqual(refused.output(), b"")

    def test_beyond_the_queue(self):
        """While too many are closing, a new one gets 503 before it is read."""
        for _ in range(4):
            self.connect()
        last = self.connect()
        self.assertEqual([r.status for r in last.responses()], [503])
        self.assertTrue(last.closing)

    def test_place_of_a_served_one(self):
        """A queue that is not empty does not block new connections below the limit."""
        first = self.server.connect()
        self.connect(), self.connect()
        first.hang_up()
        self.assertEqual(self.connect().ask("POST", "/mcp").status, 200)

    def test_room_again(self):
        """A connection that ends makes room for another."""
        first = self.server.connect()
        self.connect()
        first.hang_up()
        self.assertEqual(self.connect().ask("POST", "/mcp").status, 200)


class DrainTests(ChannelTestCase):
    def test_drain(self):
        """Draining lets answers be the last ones, and closes what stays idle."""
        idle, busy = self.connect(), self.connect()
        idle.send(PING)
        idle.output()
        answer: Deferred[Reply] = Deferred()
        self.server.pipeline.reply = answer
        busy.send(POST)
        self.server.site.drain()
        self.assertFalse(idle.closing)
        self.clock.advance(self.server.site.limits.last_request_seconds)
        self.assertTrue(idle.closing)
        self.assertFalse(busy.closing)
        answer.callback(json_answer(200, {}))
        (response,) = busy.responses()
        self.assertEqual(response.one("connection"), "close")
        self.assertTrue(busy.closing)

    def test_request_on_its_way(self):
        """A request that was on its way on an idle connection is answered."""
        idle, fresh = self.connect(), self.connect()
        idle.send(PING)
        idle.output()
        self.server.site.drain()
        for connection in (idle, fresh):
            self.assertTrue(self.server.site.may_bring_work)
            connection.send(PING)
            (response,) = connection.responses()
            self.assertEqual(response.status, 200)
            self.assertEqual(response.one("connection"), "close")
            self.assertTrue(connection.closing)
        self.assertFalse(self.server.site.may_bring_work)

    def test_request_that_waits_to_be_read(self):
        """What arrived in a long turn of the reactor is read, and only then are idle
        connections closed: after such a turn timers run first.
        """
        fresh = self.connect()
        self.server.site.drain()
        self.clock.callLater(
            self.server.site.limits.last_request_seconds, fresh.send, PING
        )
        self.clock.advance(self.server.site.limits.last_request_seconds)
        (response,) = fresh.responses()
        self.assertEqual(response.status, 200)

    def test_accepted_while_draining(self):
        """A connection that is made meanwhile is answered once; idle, it is closed."""
        self.server.site.drain()
        asking, silent = self.connect(), self.connect()
        self.assertEqual(asking.ask("GET", "/ping").one("connection"), "close")
        waiting = self.server.site.when_empty()
        self.clock.advance(self.server.site.limits.last_request_seconds)
        self.assertTrue(silent.closing)
        asking.hang_up()
        silent.hang_up()
        self.successResultOf(waiting)

    def test_when_empty(self):
        """Waiting for the last connection ends when it is gone."""
        connection = self.server.connect()
        waiting = self.server.site.when_empty()
        self.assertNoResult(waiting)
        connection.hang_up()
        self.successResultOf(waiting)
        self.successResultOf(self.server.site.when_empty())

    def test_abort(self):
        """The last resort aborts every connection."""
        connection = self.connect()
        self.server.site.abort()
        self.assertTrue(connection.pipe.aborted)
