"""The modern era through a relay: headers, cancellation, subscriptions."""

from __future__ import annotations

from tests.bridge.scripted import RelayTestCase, ask, error_of, result_of, tool
from tests.support.messages import modern, notice

ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
TOOL_WITH_HEADER = {
    "name": "pay",
    "inputSchema": {
        "type": "object",
        "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
    },
}


def about(id, method, **params):
    """Return a notification of a subscription."""
    meta = {"io.modelcontextprotocol/subscriptionId": id}
    return notice(method, {**params, "_meta": meta})


class RequestTests(RelayTestCase):
    def test_headers(self):
        """A request is sent as it is, and its headers repeat what they must."""
        message = modern(tool(1, "send mail"))
        self.say(message)
        posted = self.daemon.take("tools/call")
        self.assertEqual(posted.message, message)
        self.assertEqual(posted.header("mcp-protocol-version"), "2026-07-28")
        self.assertEqual(posted.header("mcp-method"), "tools/call")
        self.assertEqual(posted.header("mcp-name"), "send mail")
        self.assertIsNone(posted.header("mcp-session-id"))
        posted.result(resultType="complete")
        self.assertEqual(self.heard(), [result_of(1, resultType="complete")])

    def test_param_headers(self):
        """Once the tools were listed, annotated arguments are repeated in headers."""
        self.say_modern(ask(1, "tools/list"))
        self.daemon.take().result(tools=[TOOL_WITH_HEADER])
        self.say_modern(tool(2, "pay", region="eu"))
        posted = self.daemon.take()
        self.assertEqual(posted.header("mcp-param-region"), "eu")

    def test_param_headers_of_an_unlisted_tool(self):
        """A client that did not list the tools in this process gets its answer too."""
        self.say_modern(tool(2, "pay", region="eu"))
        first = self.daemon.take("tools/call")
        self.assertIsNone(first.header("mcp-param-region"))
        mismatch = error_of(2, -32020, "Header mismatch: mcp-param-region is missing")
        first.answer(mismatch, status=400)
        page = self.daemon.take("tools/list")
        self.assertIn("_meta", page.message["params"])
        page.result(tools=[], nextCursor="c1")
        self.daemon.take("tools/list").result(tools=[TOOL_WITH_HEADER])
        again = self.daemon.take("tools/call")
        self.assertEqual(again.header("mcp-param-region"), "eu")
        again.answer(mismatch, status=400)
        self.assertEqual(self.heard(), [mismatch], "it is learned once")

    def test_cancellation(self):
        """A cancelled request is closed, not posted about, and not answered."""
        self.say_modern(tool(1, "send_mail"))
        posted = self.daemon.take()
        posted.stream()
        self.say_modern(notice("notifications/cancelled", {"requestId": 1}))
        self.assertTrue(posted.closed)
        self.assertEqual((self.daemon.requests, self.heard()), ([], []))

    def test_cancellation_before_the_reply(self):
        """So is one that the daemon has not begun to answer."""
        self.say_modern(tool(1, "send_mail"))
        self.say(notice("notifications/cancelled", {"requestId": 1}))
        self.assertTrue(self.daemon.take().cancelled)
        self.clock.advance(60)
        self.assertEqual((self.daemon.requests, self.heard()), ([], []))

    def test_lost_write(self):
        """A cut stream is not resumed in this era: a write is in doubt."""
        self.say_modern(tool(1, "send_mail"))
        posted = self.daemon.take()
        posted.stream()
        posted.event(notice("notifications/progress", {"progress": 1}), id="a_1")
        posted.cut()
        self.clock.advance(60)
        self.assertEqual(self.daemon.requests, [])
        answer = self.heard()[-1]["result"]
        self.assertEqual((answer["isError"], answer["resultType"]), (True, "complete"))

    def test_version_error(self):
        """Errors about the protocol pass: they tell the client what to do."""
        self.say_modern(ask(1, "server/discover"))
        refusal = error_of(1, -32022, "Unsupported protocol version", supported=[])
        self.daemon.take().answer(refusal, status=400)
        self.assertEqual(self.heard(), [refusal])


class SubscriptionTests(RelayTestCase):
    def listen(self):
        """Subscribe; return the open stream."""
        wanted = {"toolsListChanged": True}
        self.say_modern(ask("s", "subscriptions/listen", notifications=wanted))
        posted = self.daemon.take("subscriptions/listen")
        posted.stream()
        posted.event(about("s", ACKNOWLEDGED, notifications=wanted))
        return posted

    def test_notifications(self):
        """What the daemon notifies reaches the client."""
        posted = self.listen()
        changed = about("s", "notifications/tools/list_changed")
        posted.event(changed)
        self.assertEqual(self.heard()[0]["method"], ACKNOWLEDGED)
        posted.event(changed)
        self.assertEqual(self.heard(), [changed])

    def test_goes_on(self):
        """When the daemon ends it or is gone, the relay subscribes again, silently."""
        posted = self.listen()
        posted.event(result_of("s", resultType="complete"))
        posted.end()
        self.heard()
        self.clock.advance(1)
        again = self.daemon.take("subscriptions/listen")
        self.assertEqual(again.message["id"], "s")
        again.stream()
        again.event(about("s", ACKNOWLEDGED, notifications={}))
        self.assertEqual(self.heard(), [])
        again.cut()
        self.clock.advance(2)
        self.daemon.take("subscriptions/listen")

    def test_refused(self):
        """An error ends it, and reaches the client."""
        self.say_modern(ask("s", "subscriptions/listen", notifications={}))
        refusal = error_of("s", -32602, "wrong")
        self.daemon.take().answer(refusal, status=400)
        self.assertEqual(self.heard(), [refusal])
        self.clock.advance(60)
        self.assertEqual(self.daemon.requests, [])

    def test_cancelled(self):
        """A cancelled subscription is closed."""
        posted = self.listen()
        self.say_modern(notice("notifications/cancelled", {"requestId": "s"}))
        self.assertTrue(posted.closed)
        self.clock.advance(60)
        self.assertEqual(self.daemon.requests, [])

    def test_restart(self):
        """After a restart the client is notified on its subscription."""
        posted = self.listen()
        self.daemon.refuse()
        posted.cut()
        self.heard()
        self.clock.advance(1)
        self.assertEqual(len(self.reports), 1)
        self.daemon.broken = None
        self.clock.advance(1)
        self.daemon.take("server/discover").result()
        [changed] = self.heard()
        self.assertEqual(changed, about("s", "notifications/tools/list_changed"))
        self.clock.advance(2)
        self.daemon.take("subscriptions/listen")
