"""The legacy era through a relay: handshake, session, streams, server requests."""

from __future__ import annotations

from tests.bridge.scripted import (
    AGREED,
    INITIALIZE,
    TOKEN,
    VERSION,
    RelayTestCase,
    ask,
    error_of,
    result_of,
    tool,
)

NOTICE = {"jsonrpc": "2.0", "method": "notifications/initialized"}
GONE = {"reason": "session_not_found"}


class HandshakeTests(RelayTestCase):
    def test_initialize(self):
        """The client's handshake reaches the daemon as it is, and so back."""
        self.say(INITIALIZE)
        posted = self.daemon.take("initialize")
        self.assertEqual(posted.message, INITIALIZE)
        self.assertEqual(posted.url, b"https://mcp.acme.example/mcp")
        self.assertEqual(posted.header("authorization"), f"Bearer {TOKEN}")
        self.assertIsNone(posted.header("mcp-session-id"))
        posted.answer(result_of("init", **AGREED), mcp_session_id="s1")
        self.assertEqual(self.heard(), [result_of("init", **AGREED)])

    def test_session(self):
        """Later messages name the session and the agreed revision."""
        self.open_session()
        self.say(ask(1, "tools/list"))
        posted = self.daemon.take("tools/list")
        self.assertEqual(posted.header("mcp-session-id"), "s1")
        self.assertEqual(posted.header("mcp-protocol-version"), VERSION)
        self.assertIsNone(posted.header("mcp-method"))

    def test_order(self):
        """A request waits until the daemon has taken the notification before it."""
        self.say(INITIALIZE)
        self.daemon.take().answer(result_of("init", **AGREED), mcp_session_id="s1")
        self.say(NOTICE, ask(1, "tools/list"))
        notice = self.daemon.take("notifications/initialized")
        self.assertEqual(self.daemon.requests, [])
        notice.answer(status=202)
        self.assertEqual(self.daemon.take().method, "GET")
        self.daemon.take("tools/list")

    def test_refused(self):
        """An error of the handshake reaches the client."""
        self.say(INITIALIZE)
        refusal = error_of("init", -32602, "unsupported")
        self.daemon.take().answer(refusal)
        self.assertEqual(self.heard(), [refusal])


class StreamTests(RelayTestCase):
    def test_progress_and_answer(self):
        """Messages of a call's stream are written in their order, the answer last."""
        self.open_session()
        self.say(tool(1, "send_mail"))
        posted = self.daemon.take("tools/call")
        progress = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {}}
        posted.stream()
        posted.event(progress)
        self.assertEqual(self.heard(), [progress])
        posted.event(result_of(1, content=[]))
        posted.end()
        self.assertEqual(self.heard(), [result_of(1, content=[])])

    def test_server_request(self):
        """The daemon's question reaches the client, and the answer the daemon."""
        self.open_session()
        self.say(tool(1, "send_mail"))
        posted = self.daemon.take()
        posted.stream()
        posted.event(ask("q1", "elicitation/create", message="Sure?"))
        self.assertEqual(self.heard()[0]["id"], "q1")
        self.say(result_of("q1", action="accept"))
        answer = self.daemon.take()
        self.assertEqual(answer.message, result_of("q1", action="accept"))
        self.assertEqual(answer.header("mcp-session-id"), "s1")

    def test_foreign_answers(self):
        """A response that answers no open request is dropped."""
        self.open_session()
        self.say(ask(1, "ping"))
        posted = self.daemon.take()
        posted.stream()
        posted.event(result_of(2))
        posted.event(result_of(1))
        posted.event(result_of(1))
        self.assertEqual(self.heard(), [result_of(1)])
        posted.end()

    def test_resume(self):
        """A stream that is cut is continued; the answer arrives once."""
        self.open_session()
        self.say(tool(1, "send_mail"))
        posted = self.daemon.take()
        posted.stream()
        posted.event(None, id="aa_0", retry=2000)
        posted.cut()
        self.clock.advance(1)
        self.assertEqual(self.daemon.requests, [], "the daemon asked for a pause")
        self.clock.advance(1)
        resumed = self.daemon.take("GET")
        self.assertEqual(resumed.header("last-event-id"), "aa_0")
        self.assertEqual(resumed.header("mcp-session-id"), "s1")
        resumed.stream()
        resumed.event(result_of(1, content=[]), id="aa_1")
        resumed.end()
        self.assertEqual(self.heard(), [result_of(1, content=[])])

    def test_resume_after_a_restart(self):
        """A new stream in place of the old one means that the call is lost."""
        self.open_session()
        self.say(tool(1, "send_mail"))
        posted = self.daemon.take()
        posted.stream()
        posted.event(None, id="aa_0")
        posted.cut()
        self.clock.advance(1)
        resumed = self.daemon.take("GET")
        resumed.stream()
        resumed.event(None, id="bb_0")
        [answer] = self.heard()
        self.assertTrue(answer["result"]["isError"])
        self.assertTrue(resumed.closed)
        self.assertEqual(self.daemon.requests, [])

    def test_notifications(self):
        """The daemon's own stream reaches the client; responses on it do not."""
        stream = self.open_session()
        self.assertEqual(stream.header("accept"), "text/event-stream")
        stream.stream()
        changed = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
        stream.event(changed, id="cc_1")
        stream.event(result_of(9))
        self.assertEqual(self.heard(), [changed])
        stream.cut()
        self.clock.advance(1)
        again = self.daemon.take("GET")
        self.assertEqual(again.header("last-event-id"), "cc_1")

    def test_shows_a_restart(self):
        """It shows that the daemon is gone and back, although no request is made."""
        stream = self.open_session()
        stream.stream()
        stream.cut()
        self.daemon.refuse()
        self.clock.advance(1)
        self.assertEqual(len(self.reports), 1)
        self.daemon.broken = None
        self.clock.advance(1)
        self.daemon.take("ping").result()
        methods = [one["method"] for one in self.heard()]
        self.assertIn("notifications/tools/list_changed", methods)
        self.clock.advance(2)
        self.daemon.take("GET").stream()
        self.assertEqual(self.daemon.requests, [])

    def test_no_stream(self):
        """A server without such a stream is not asked again."""
        self.open_session().answer(status=405)
        self.clock.advance(100)
        self.assertEqual(self.daemon.requests, [])

    def test_silence(self):
        """A stream on which not even a comment arrives is opened again."""
        stream = self.open_session()
        stream.stream()
        for _ in range(20):
            self.clock.advance(15)
            stream.raw(b": \n\n")
        self.assertFalse(stream.closed)
        self.clock.advance(90)
        self.assertTrue(stream.closed)
        self.clock.advance(1)
        self.daemon.take("GET")


class LostSessionTests(RelayTestCase):
    def lose_session(self):
        """Let a request find that the session is gone; return the next request."""
        stream = self.open_session()
        stream.stream()
        for id, message in enumerate(
            [
                ("logging/setLevel", {"level": "debug"}),
                ("resources/subscribe", {"uri": "a:b"}),
                ("resources/subscribe", {"uri": "c:d"}),
                ("resources/unsubscribe", {"uri": "a:b"}),
            ]
        ):
            self.say(ask(id, message[0], **message[1]))
            self.daemon.take(message[0]).answer(result_of(id))
        self.heard()
        self.say(tool(7, "send_mail"))
        self.daemon.take("tools/call").answer(
            error_of(7, -32001, "Session not found", **GONE), status=404
        )

    def test_everything_is_agreed_again(self):
        """Handshake, level and subscriptions are repeated, then the request itself."""
        self.lose_session()
        first = self.daemon.take("initialize")
        self.assertEqual(first.message["params"], INITIALIZE["params"])
        self.assertIsNone(first.header("mcp-session-id"))
        first.answer(result_of(first.message["id"], **AGREED), mcp_session_id="s2")
        self.daemon.take("notifications/initialized").answer(status=202)
        subscribed = self.daemon.take("resources/subscribe")
        self.assertEqual(subscribed.message["params"], {"uri": "c:d"})
        subscribed.result()
        level = self.daemon.take("logging/setLevel")
        self.assertEqual(level.message["params"], {"level": "debug"})
        level.result()
        call = self.daemon.take("tools/call")
        self.assertEqual(call.message, tool(7, "send_mail"))
        self.assertEqual(call.header("mcp-session-id"), "s2")
        call.result(content=[])
        self.assertEqual(self.heard(), [result_of(7, content=[])])

    def test_once_for_all(self):
        """Requests that find it at the same time share the new session."""
        self.open_session().answer(status=405)
        self.say(ask(1, "tools/list"), ask(2, "prompts/list"))
        for posted in [self.daemon.take(), self.daemon.take()]:
            posted.answer(status=404)
        first = self.daemon.take("initialize")
        self.assertEqual(self.daemon.requests, [])
        first.answer(result_of(first.message["id"], **AGREED), mcp_session_id="s2")
        self.daemon.take("notifications/initialized").answer(status=202)
        kinds = {posted.message["method"] for posted in self.daemon.requests[-2:]}
        self.assertEqual(kinds, {"tools/list", "prompts/list"})

    def test_not_for_ever(self):
        """A server that loses each session at once is not asked for ever."""
        self.open_session().answer(status=405)
        self.say(ask(1, "tools/list"))
        for number in range(3):
            self.daemon.take("tools/list").answer(status=404)
            first = self.daemon.take("initialize")
            first.answer(result_of(first.message["id"], **AGREED), mcp_session_id="x")
            self.daemon.take("notifications/initialized").answer(status=202)
            if number < 2 and self.daemon.requests[0].method == "GET":
                self.daemon.take("GET").answer(status=405)
        self.assertEqual([one["id"] for one in self.heard()], [1])
        self.assertFalse([one for one in self.daemon.requests if one.method != "GET"])


class EndTests(RelayTestCase):
    def test_delete(self):
        """At the end of the input the session is deleted."""
        self.open_session().stream()
        ended = self.bridge.ended()
        self.assertNoResult(ended)
        deleted = self.daemon.take("DELETE")
        self.assertEqual(deleted.header("mcp-session-id"), "s1")
        deleted.answer(status=204)
        self.successResultOf(ended)

    def test_open_requests(self):
        """Requests that are open are still answered."""
        self.open_session().answer(status=405)
        self.say(tool(1, "send_mail"))
        ended = self.bridge.ended()
        self.assertNoResult(ended)
        self.daemon.take("tools/call").result(content=[])
        self.assertEqual(self.heard(), [result_of(1, content=[])])
        self.daemon.take("DELETE").answer(status=204)
        self.successResultOf(ended)

    def test_bound(self):
        """Neither an open request nor the daemon's silence delays the end for long."""
        self.open_session().answer(status=405)
        self.say(tool(1, "send_mail"))
        ended = self.bridge.ended()
        call = self.daemon.take("tools/call")
        self.clock.advance(10)
        self.assertTrue(call.cancelled)
        self.daemon.take("DELETE")
        self.clock.advance(2)
        self.successResultOf(ended)


class BatchTests(RelayTestCase):
    def test_batch(self):
        """A batch is one body, and its responses are written as they come."""
        self.open_session().answer(status=405)
        batch = [ask(1, "ping"), NOTICE, ask(2, "tools/list")]
        self.say(batch)
        posted = self.daemon.take()
        self.assertEqual(posted.message, batch)
        posted.answer([result_of(1), result_of(2, tools=[])])
        self.assertEqual(self.heard(), [result_of(1), result_of(2, tools=[])])

    def test_lost(self):
        """A batch with a write is not repeated; each of its requests is answered."""
        self.open_session().answer(status=405)
        self.say([ask(1, "ping"), tool(2, "send_mail")])
        self.daemon.requests.pop().cut()
        [answers] = self.heard()
        self.assertEqual([one["id"] for one in answers], [1, 2])
        self.assertEqual(self.daemon.requests, [])

    def test_malformed(self):
        """What is not a message is answered here, as the daemon would."""
        self.bridge.received(b"{")
        self.say({"jsonrpc": "2.0", "id": 1}, [])
        codes = [one["error"]["code"] for one in self.heard()]
        self.assertEqual(codes, [-32700, -32600, -32600])
        self.assertEqual(self.daemon.requests, [])
