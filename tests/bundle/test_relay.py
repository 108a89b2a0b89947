"""The program of the bundle with a daemon that answers as each test says."""

from __future__ import annotations

import json
from base64 import b64encode

from twisted.web.http import Request
from twisted.web.server import NOT_DONE_YET

from instantly_mcp._deferred import deferred
from tests.support.programs import requires

from .cases import TOKEN, RelayTestCase
from .installed import NODE_NEEDED, SYSTEM_NODE
from .relay_process import MODERN, OPENING, Message, text_of
from .scripted_daemon import cut, page, refuse, respond, result

SAID = {"content": [{"type": "text", "text": "done"}]}
TOOLS = {
    "tools": [
        {
            "name": "read_it",
            "inputSchema": {"type": "object"},
            "annotations": {"readOnlyHint": True},
        },
        {
            "name": "send_it",
            "inputSchema": {
                "type": "object",
                "properties": {"where": {"type": "string", "x-mcp-header": "Where"}},
            },
        },
    ]
}


def ignored(_: object) -> None:
    """Take the failure of a request that the relay leaves unanswered at its end."""


@requires(NODE_NEEDED)
class DeliveryTests(RelayTestCase):
    """Nothing is done twice, and every message arrives."""

    @deferred
    async def test_handshake(self):
        """It relays with the token, and promises to say when lists change."""
        relay = self.relay(self.listen())
        began = await relay.connect()
        self.assertEqual(began["serverInfo"]["name"], "scripted")
        self.assertEqual(began["capabilities"]["tools"], {"listChanged": True})
        (first,) = [each for each in self.daemon.received if "id" in each]
        self.assertEqual(first["headers"]["authorization"], f"Bearer {TOKEN}")
        self.assertEqual(first["params"], OPENING)
        self.assertNotIn("x-mcp-readonly", first["headers"])

    @deferred
    async def test_read_only(self):
        """The switch of the extension asks the daemon for reading tools only."""
        relay = self.relay(self.listen(), read_only="true")
        await relay.connect()
        headers = self.daemon.received[0]["headers"]
        self.assertEqual(headers["x-mcp-readonly"], "true")

    @deferred
    async def test_lost_answer_of_a_write(self):
        """A call that may have been carried out is not repeated."""
        self.daemon.replies["tools/call"] = [cut]
        relay = self.relay(self.listen())
        await relay.connect()
        lost = await relay.call("send_it")
        self.assertTrue(lost["isError"])
        self.assertIn("its outcome is unknown", text_of(lost))
        self.assertEqual(self.daemon.methods(), ["tools/call"])

    @deferred
    async def test_lost_answer_of_a_read(self):
        """A tool that only reads is called again."""
        self.daemon.replies["tools/list"] = [result(TOOLS)]
        self.daemon.replies["tools/call"] = [cut, result(SAID)]
        relay = self.relay(self.listen())
        await relay.connect()
        await relay.tools()
        self.assertEqual(text_of(await relay.call("read_it")), "done")

    @deferred
    async def test_proxy_fails_during_a_write(self):
        """A proxy's error says nothing about a call that it may have passed on."""
        self.daemon.replies["tools/call"] = [page(502)]
        relay = self.relay(self.listen())
        await relay.connect()
        said = text_of(await relay.call("send_it"))
        self.assertIn("its outcome is unknown", said)
        self.assertIn("a server in front of it answered 502", said)

    @deferred
    async def test_lost_session(self):
        """A session that is gone is replaced, and the call is made once."""
        gone = refuse(404, "Session not found")
        self.daemon.replies["tools/call"] = [gone, result(SAID)]
        self.daemon.replies["logging/setLevel"] = [result({})]
        relay = self.relay(self.listen())
        await relay.connect()
        await relay.ask("logging/setLevel", level="warning")
        self.assertEqual(text_of(await relay.call("send_it")), "done")
        opened = [e for e in self.daemon.received if e["method"] == "initialize"]
        self.assertEqual([each["params"] for each in opened], [OPENING, OPENING])
        expected = ["logging/setLevel", "tools/call", "logging/setLevel", "tools/call"]
        self.assertEqual(self.daemon.methods(), expected)

    @deferred
    async def test_cut_stream(self):
        """A stream that is cut is continued after the last event that arrived."""
        calls: list[Message] = []
        seen: list[str] = []

        def began(request: Request, message: Message) -> int:
            calls.append(message)
            request.setHeader("content-type", "text/event-stream")
            request.write(b"retry: 1\nid: s-1\ndata:\n\n")
            return cut(request, message)

        def resumed(request: Request, message: Message) -> bytes | int:
            last = message["headers"].get("last-event-id")
            if last is None:
                return page(405)(request, message)
            seen.append(last)
            answer = respond(request, calls[0], SAID)
            request.setHeader("content-type", "text/event-stream")
            return b"id: s-2\ndata: " + answer + b"\n\n"

        self.daemon.replies["tools/call"] = [began]
        self.daemon.gets = [resumed]
        relay = self.relay(self.listen())
        await relay.connect()
        self.assertEqual(text_of(await relay.call("send_it")), "done")
        self.assertEqual((len(calls), seen), (1, ["s-1"]))

    @deferred
    async def test_rate_limit(self):
        """A daemon that limits the client is there: nothing is said to have changed."""
        limited = refuse(429, "Rate limit exceeded")
        self.daemon.replies["tools/call"] = [limited, result(SAID)]
        relay = self.relay(self.listen())
        await relay.connect()
        self.assertEqual(text_of(await relay.call("send_it")), "done")
        self.assertEqual(self.daemon.methods(), ["tools/call", "tools/call"])
        changes = [each for each in relay.messages if "method" in each]
        self.assertEqual((changes, relay.errors), ([], b""))

    @deferred
    async def test_answer_of_the_user(self):
        """What expects no answer is sent again, too: it may be a confirmation."""
        self.daemon.limited = 1
        relay = self.relay(self.listen())
        await relay.connect()
        relay.tell("notifications/roots/list_changed")
        relay.close()
        self.assertEqual(await relay.ended, 0)
        said = "notifications/initialized", "notifications/roots/list_changed"
        notices = [one["method"] for one in self.daemon.received if "id" not in one]
        self.assertEqual(notices, [said[0], *said])

    @deferred
    async def test_end(self):
        """When the client quits, open calls are finished, and the session is ended."""
        self.daemon.replies["tools/call"] = [result(SAID)]
        relay = self.relay(self.listen())
        await relay.connect()
        answered = relay.call("send_it")
        relay.close()
        self.assertEqual(text_of(await answered), "done")
        self.assertEqual(await relay.ended, 0)
        self.assertEqual(relay.errors, b"")


@requires(NODE_NEEDED)
class ModernEraTests(RelayTestCase):
    """The revision 2026-07-28."""

    @deferred
    async def test_headers(self):
        """The headers repeat method, name and the arguments that the tool declares."""
        self.daemon.replies["tools/list"] = [result(TOOLS)]
        self.daemon.replies["tools/call"] = [result(SAID)]
        relay = self.relay(self.listen())
        await relay.ask_modern("tools/list")
        arguments = {"where": "Zürich"}
        await relay.ask_modern("tools/call", name="send_it", arguments=arguments)
        headers = self.daemon.received[-1]["headers"]
        coded = b64encode("Zürich".encode()).decode()
        expected = {
            "mcp-protocol-version": MODERN,
            "mcp-method": "tools/call",
            "mcp-name": "send_it",
            "mcp-param-where": f"=?base64?{coded}?=",
        }
        self.assertEqual(expected, {name: headers[name] for name in expected})

    @deferred
    async def test_cancel(self):
        """Cancelling a call closes its connection, and is not answered."""

        def held(request: Request, message: Message) -> int:
            request.notifyFinish().addErrback(lambda _: self.daemon.left.callback(None))
            relay.tell("notifications/cancelled", requestId=message["id"], _meta={})
            return NOT_DONE_YET

        self.daemon.replies["tools/call"] = [held]
        self.daemon.replies["tools/list"] = [result(TOOLS)]
        relay = self.relay(self.listen())
        unanswered = relay.ask_modern("tools/call", name="send_it")
        await self.daemon.left
        await relay.ask_modern("tools/list")
        self.assertFalse(unanswered.called)
        unanswered.addErrback(ignored)

    @deferred
    async def test_subscription(self):
        """A subscriber hears that the tools are there, once the daemon is."""
        self.daemon.replies["server/discover"] = [page(503), result({})]
        self.daemon.replies["subscriptions/listen"] = [page(503), cut]
        relay = self.relay(self.listen())
        changed = relay.notified("notifications/tools/list_changed")
        acknowledged = relay.notified("notifications/subscriptions/acknowledged")
        wish = {"toolsListChanged": True}
        relay.ask_modern("subscriptions/listen", notifications=wish).addErrback(ignored)
        params = (await acknowledged)["params"]
        self.assertEqual(params["notifications"], wish)
        self.assertEqual((await changed)["params"]["_meta"], params["_meta"])

    @deferred
    async def test_granted(self):
        """The relay itself notifies of changed lists, whatever the daemon grants."""

        def granted(request: Request, message: Message) -> int:
            params = {"notifications": {}, "_meta": {"id": message["id"]}}
            method = "notifications/subscriptions/acknowledged"
            data = json.dumps({"jsonrpc": "2.0", "method": method, "params": params})
            request.setHeader("content-type", "text/event-stream")
            request.write(f"data: {data}\n\n".encode())
            request.notifyFinish().addErrback(lambda _: self.daemon.left.callback(None))
            return NOT_DONE_YET

        self.daemon.replies["subscriptions/listen"] = [granted]
        relay = self.relay(self.listen())
        acknowledged = relay.notified("notifications/subscriptions/acknowledged")
        wish = {"toolsListChanged": True}
        relay.ask_modern("subscriptions/listen", notifications=wish).addErrback(ignored)
        self.assertEqual((await acknowledged)["params"]["notifications"], wish)
        relay.close()
        await self.daemon.left
        self.assertEqual(await relay.ended, 0)


@requires(SYSTEM_NODE)
class OlderNodeTests(RelayTestCase):
    """Claude Desktop may bring an older Node."""

    @deferred
    async def test_call(self):
        """A call is relayed."""
        self.daemon.replies["tools/call"] = [result(SAID)]
        self.node = SYSTEM_NODE.path
        relay = self.relay(self.listen())
        await relay.connect()
        self.assertEqual(text_of(await relay.call("send_it")), "done")
