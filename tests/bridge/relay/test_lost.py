"""What becomes of requests while the daemon cannot be reached."""

from __future__ import annotations

from twisted.internet.error import ConnectionRefusedError, DNSLookupError

from instantly_mcp.bridge.relay.link import RESTART_SECONDS
from instantly_mcp.bridge.relay.stand_in import TOOL
from tests.bridge.scripted import (
    AGREED,
    INITIALIZE,
    RelayTestCase,
    ask,
    error_of,
    result_of,
    tool,
)
from tests.support.messages import modern
from tests.support.wire import check_message

NOTICE = {"jsonrpc": "2.0", "method": "notifications/initialized"}
REFUSED = (
    "I can't reach https://mcp.acme.example (connection refused). Are you on the VPN? "
    "Your admin's status page: https://mcp.acme.example/status"
)
CHANGED = [
    f"notifications/{kind}/list_changed" for kind in ("tools", "prompts", "resources")
]


def text_of(message):
    """Return the text of a tool's result."""
    return message["result"]["content"][0]["text"]


class AbsentTests(RelayTestCase):
    def setUp(self):
        """Begin without a daemon."""
        super().setUp()
        self.daemon.refuse()

    def test_legacy(self):
        """The client gets a server with one tool, which says what is wrong."""
        messages = [
            INITIALIZE,
            ask(1, "tools/list"),
            tool(2, TOOL),
            tool(3, "send_mail"),
            ask(4, "resources/list"),
            ask(5, "ping"),
            ask(6, "logging/setLevel", level="debug"),
            ask(7, "resources/read", uri="a:b"),
        ]
        self.say(*messages)
        heard = {one["id"]: one for one in self.heard()}
        for message in messages:
            check_message("2025-11-25", heard[message["id"]], message["method"])
        self.assertEqual(heard["init"]["result"]["protocolVersion"], "2025-11-25")
        self.assertEqual([t["name"] for t in heard[1]["result"]["tools"]], [TOOL])
        self.assertEqual((text_of(heard[2]), text_of(heard[3])), (REFUSED, REFUSED))
        self.assertEqual(heard[2]["result"]["isError"], False)
        self.assertEqual(heard[3]["result"]["isError"], True)
        self.assertEqual(heard[7]["error"]["message"], REFUSED)
        self.assertEqual(self.reports, [REFUSED])
        self.assertEqual(self.daemon.tried, 1, "one attempt tells for all of them")

    def test_each_revision(self):
        """The stand-in keeps to the revision that the client speaks."""
        for version in ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"):
            params = {**INITIALIZE["params"], "protocolVersion": version}
            self.say({**INITIALIZE, "params": params}, ask(1, "tools/list"))
            opening, listed = self.heard()
            check_message(version, opening, "initialize")
            check_message(version, listed, "tools/list")
            self.assertEqual(opening["result"]["protocolVersion"], version)

    def test_modern(self):
        """So does a client of the modern era; nothing of it may be cached."""
        messages = [
            ask(1, "server/discover"),
            ask(2, "tools/list"),
            tool(3, TOOL),
            ask(4, "prompts/list"),
        ]
        for message in messages:
            self.say_modern(message)
        heard = {one["id"]: one for one in self.heard()}
        for message in messages:
            check_message("2026-07-28", heard[message["id"]], message["method"])
        self.assertEqual(heard[2]["result"]["ttlMs"], 0)
        self.assertEqual(text_of(heard[3]), REFUSED)

    def test_other_cause(self):
        """Standard error has each problem once, not each attempt."""
        self.say(INITIALIZE)
        self.clock.advance(100)
        self.daemon.broken = DNSLookupError()
        self.clock.advance(100)
        self.assertEqual(len(self.reports), 2)
        self.assertIn("the name cannot be found", self.reports[1])

    def test_pauses_grow(self):
        """The relay tries again, ever more slowly."""
        self.say(INITIALIZE)
        tried = []
        for _ in range(200):
            before = self.daemon.tried
            self.clock.advance(1)
            if self.daemon.tried > before:
                tried.append(self.clock.seconds())
        self.assertEqual(tried[:6], [1, 3, 7, 15, 31, 61])

    def test_appears(self):
        """When the daemon is there, the client is notified, and sees its tools."""
        self.say(INITIALIZE, NOTICE)
        self.heard()
        self.daemon.broken = None
        self.clock.advance(1)
        opening = self.daemon.take("initialize")
        self.assertEqual(opening.message["params"], INITIALIZE["params"])
        opening.answer(result_of(opening.message["id"], **AGREED), mcp_session_id="s1")
        self.daemon.take("notifications/initialized").answer(status=202)
        self.daemon.take("GET").answer(status=405)
        self.assertEqual([one["method"] for one in self.heard()], CHANGED)
        self.say(ask(1, "tools/list"))
        posted = self.daemon.take("tools/list")
        self.assertEqual(posted.header("mcp-session-id"), "s1")
        posted.result(tools=[])
        self.assertEqual(self.heard(), [result_of(1, tools=[])])

    def test_not_too_early(self):
        """A client that has not finished its handshake gets no notification."""
        self.say(INITIALIZE)
        self.heard()
        self.daemon.broken = None
        self.clock.advance(1)
        opening = self.daemon.take("initialize")
        opening.answer(result_of(opening.message["id"], **AGREED), mcp_session_id="s1")
        self.assertEqual((self.heard(), self.daemon.requests), ([], []))
        self.say(NOTICE)
        self.daemon.take("notifications/initialized").answer(status=202)
        self.daemon.take("GET").answer(status=405)

    def test_asking_tries(self):
        """A call of the tool tries at once, and says if it works again."""
        self.say(INITIALIZE, NOTICE)
        self.clock.pump([1, 2, 2.5])
        self.daemon.broken = None
        self.heard()
        self.say(tool(1, TOOL))
        opening = self.daemon.take("initialize")
        opening.answer(result_of(opening.message["id"], **AGREED), mcp_session_id="s1")
        self.daemon.take("notifications/initialized").answer(status=202)
        self.daemon.take("GET").answer(status=405)
        answer = next(one for one in self.heard() if one.get("id") == 1)
        self.assertIn("works", text_of(answer))

    def test_modern_client_appears(self):
        """A modern client is notified on its subscription."""
        self.say_modern(ask(1, "server/discover"))
        wanted = {"toolsListChanged": True}
        self.say_modern(ask(2, "subscriptions/listen", notifications=wanted))
        acknowledged = self.heard()[-1]
        check_message("2026-07-28", acknowledged)
        self.daemon.broken = None
        self.clock.advance(1)
        self.daemon.take("server/discover").result(resultType="complete")
        [changed] = self.heard()
        check_message("2026-07-28", changed)
        self.assertEqual(changed["method"], CHANGED[0])
        self.clock.advance(5)
        self.daemon.take("subscriptions/listen")


class RestartTests(RelayTestCase):
    def setUp(self):
        """Begin with a session and known tools."""
        super().setUp()
        self.open_session().answer(status=405)
        self.list_tools()

    def test_a_call_waits(self):
        """A request that was surely not sent is sent when the daemon is back."""
        self.daemon.refuse()
        self.say(tool(1, "send_mail"))
        self.clock.advance(2)
        self.assertEqual(self.heard(), [])
        self.daemon.broken = None
        for _ in range(4):
            self.clock.advance(1)
        call = next(one for one in self.daemon.requests if b"send_mail" in one.body)
        call.result(content=[])
        self.assertIn(result_of(1, content=[]), self.heard())
        sent = [one for one in self.daemon.requests if b"send_mail" in one.body]
        self.assertEqual(len(sent), 1)

    def test_not_for_long(self):
        """After a while it is answered with the problem; later ones at once."""
        self.daemon.refuse()
        self.say(tool(1, "send_mail"))
        self.clock.pump([0.5] * int(2 * RESTART_SECONDS))
        self.assertEqual([text_of(one) for one in self.heard()], [REFUSED])
        self.say(tool(2, "send_mail"))
        self.assertEqual([text_of(one) for one in self.heard()], [REFUSED])

    def test_lost_write(self):
        """A call that may have sent a mail is not sent a second time."""
        self.say(tool(1, "send_mail"))
        self.daemon.take("tools/call").cut()
        [answer] = self.heard()
        check_message("2025-11-25", answer, "tools/call")
        self.assertTrue(answer["result"]["isError"])
        self.assertIn("outcome is unknown", text_of(answer))
        self.clock.advance(60)
        self.assertEqual(self.daemon.requests, [])

    def test_unlisted_tool(self):
        """A tool of which nothing is known counts as one that writes."""
        self.say(tool(1, "delete_all"))
        self.daemon.take("tools/call").cut()
        self.assertIn("outcome is unknown", text_of(self.heard()[0]))
        self.assertEqual(self.daemon.requests, [])

    def test_lost_read(self):
        """What only reads is repeated."""
        for message in (tool(1, "list_leads"), ask(2, "prompts/list")):
            self.say(message)
            self.daemon.take(message["method"]).cut()
            self.clock.advance(1)
            again = self.daemon.take(message["method"])
            self.assertEqual(again.message, message)
            again.result()
            self.assertEqual(self.heard(), [result_of(message["id"])])

    def test_proxy_without_daemon(self):
        """502 of a proxy: a read is repeated, a write is in doubt."""
        page = (502, "text/html", b"<html>")
        self.say(ask(1, "prompts/list"))
        self.daemon.take().send(*page)
        self.clock.advance(1)
        self.daemon.take("prompts/list").result()
        self.assertEqual(self.heard(), [result_of(1)])
        self.say(tool(2, "send_mail"))
        self.daemon.take().send(*page)
        self.assertIn("outcome is unknown", text_of(self.heard()[0]))

    def test_daemon_stops(self):
        """Its 503 is passed on for a write; a read is repeated."""
        refusal = error_of(1, -31503, "The server is stopping")
        self.say(tool(1, "send_mail"))
        self.daemon.take().answer(refusal, status=503)
        self.assertEqual(self.heard(), [refusal])
        self.say(tool(1, "list_leads"))
        self.daemon.take().answer(refusal, status=503)
        self.clock.advance(1)
        self.daemon.take("tools/call").result()
        self.assertEqual(self.heard(), [result_of(1)])

    def test_cancelled_while_waiting(self):
        """A request that is cancelled before it was sent is never sent."""
        self.daemon.refuse()
        self.say(tool(1, "send_mail"))
        cancel = {"requestId": 1}
        self.say(
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancel}
        )
        self.daemon.broken = None
        self.clock.advance(5)
        self.assertFalse([one for one in self.daemon.requests if b"send" in one.body])
        self.assertEqual([one for one in self.heard() if "id" in one], [])

    def test_cancelled(self):
        """The daemon is notified; a late or missing answer is not waited for."""
        self.say(tool(1, "send_mail"))
        call = self.daemon.take("tools/call")
        cancel = {"requestId": 1}
        self.say(
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancel}
        )
        self.daemon.take("notifications/cancelled").answer(status=202)
        self.assertTrue(call.cancelled)
        self.clock.advance(60)
        self.assertEqual((self.heard(), self.daemon.requests), ([], []))

    def test_refused_then_lost(self):
        """Attempts that were not sent do not make a later one repeatable."""
        self.daemon.refuse()
        self.say(tool(1, "send_mail"))
        self.daemon.broken = None
        self.clock.advance(0.25)
        self.daemon.requests.pop().cut()
        self.assertIn("outcome is unknown", text_of(self.heard()[0]))

    def test_works(self):
        """The tool says that there is no problem, without asking the daemon."""
        self.say(tool(1, TOOL))
        self.assertIn("works", text_of(self.heard()[0]))
        self.assertEqual(self.daemon.requests, [])


class FloodTests(RelayTestCase):
    def test_open_requests(self):
        """A client that sends without end is refused at some number."""
        self.open_session().answer(status=405)
        for id in range(300):
            self.say(ask(id, "prompts/list"))
        refused = [one for one in self.heard() if "error" in one]
        self.assertEqual(len(refused), 300 - 256)
        for posted in self.daemon.requests:
            posted.result()

    def test_client_does_not_read(self):
        """While the client reads nothing, nothing is read from the daemon."""
        stream = self.open_session()
        stream.stream()
        self.bridge.pressed(True)
        self.assertTrue(stream.paused)
        self.say(tool(1, "send_mail"))
        call = self.daemon.take()
        call.stream()
        self.assertTrue(call.paused)
        self.clock.advance(1000)
        self.assertFalse(call.closed, "a paused stream is not a silent one")
        self.bridge.pressed(False)
        self.assertFalse(call.paused or stream.paused)
        call.event(result_of(1))
        call.end()


class AbsentSubscriptionTests(RelayTestCase):
    def test_cancel(self):
        """A subscription can be cancelled while there is no daemon."""
        self.daemon.broken = ConnectionRefusedError()
        self.say_modern(ask(2, "subscriptions/listen", notifications={}))
        self.say(
            modern(
                {
                    "jsonrpc": "2.0",
                    "method": "notifications/cancelled",
                    "params": {"requestId": 2},
                }
            )
        )
        self.heard()
        self.daemon.broken = None
        self.clock.advance(60)
        self.assertFalse([one for one in self.daemon.requests if b"listen" in one.body])
