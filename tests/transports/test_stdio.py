"""MCP on one pair of pipes: both eras, cancellation, questions, the end."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field
from twisted.internet.defer import Deferred
from zope.interface import implementer
from zope.interface.verify import verifyObject

from instantly_mcp._json_codec import Json, JsonObject, dumps, loads
from instantly_mcp._rights import ALL_RIGHTS
from instantly_mcp.pipeline.replies.execution import MessageExecutor
from instantly_mcp.protocol.calls.client_requests import CannotAsk, Elicit, ListRoots
from instantly_mcp.protocol.calls.subscriptions import TOOLS, ChangeNotifier
from instantly_mcp.protocol.interfaces import ITracker, PendingWork
from instantly_mcp.protocol.server import McpServer
from instantly_mcp.transports.stdio import MAX_OPEN_REQUESTS, StdioServer
from instantly_mcp.transports.stdio_lines import (
    ILineConsumer,
    ILineSink,
    LineConnection,
)
from tests.support.cases import ClockedTestCase
from tests.support.messages import (
    LEGACY_VERSIONS,
    META,
    MODERN_VERSION,
    call,
    initialize,
    modern,
    notice,
    request,
)
from tests.support.servers import credential, make_server_features
from tests.support.toolboxes import SmallToolbox
from tests.support.wire import check_message

NAME = Elicit(message="Your name?", fields={"name": {"type": "string"}})


@implementer(ITracker)
class NoTracker:
    """Tracks nothing."""

    def track(self, work: PendingWork) -> None:
        """Do nothing."""


@implementer(ILineSink)
@define(eq=False)
class Lines:
    """Keeps the messages for the client."""

    messages: list[JsonObject] = field(factory=list)

    def write_line(self, message: bytes) -> None:
        """Keep one."""
        self.messages.append(loads(message))


class StdioTestCase(ClockedTestCase):
    """A server on a pipe, with the small toolbox."""

    def setUp(self) -> None:
        """Connect a client."""
        super().setUp()
        self.toolbox, self.lines = SmallToolbox(), Lines()
        self.changes = ChangeNotifier(frozenset({TOOLS}))
        features = make_server_features(
            self.toolbox, self.clock, changes=self.changes, changing=frozenset({TOOLS})
        )
        self.finishing: Deferred[None] = Deferred()
        self.server = StdioServer(
            executor=MessageExecutor(McpServer(features), self.clock, NoTracker()),
            changes=self.changes,
            credential=credential(),
            rights=ALL_RIGHTS,
            output=self.lines,
            finish=lambda: self.finishing,
        )
        self.connection = LineConnection(self.lines, self.server)

    def send(self, *messages: Json) -> None:
        """Send lines."""
        for message in messages:
            self.connection.data(dumps(message) + b"\n")

    def taken(self) -> list[JsonObject]:
        """Return what the client received since the last call."""
        taken, self.lines.messages = self.lines.messages, []
        return taken

    def ask(self, message: JsonObject, version: str = "2025-11-25") -> JsonObject:
        """Send a request that is answered at once; return the response."""
        self.send(message)
        (answer,) = self.taken()
        check_message(version, answer, message.get("method"))
        return answer

    def open(self, version: str = "2025-11-25", **capabilities: Json) -> None:
        """Initialize."""
        self.ask(initialize(version, capabilities=capabilities), version)
        self.send(notice("notifications/initialized"))


class ErasTests(StdioTestCase):
    """Both eras on one pipe."""

    def test_interface(self) -> None:
        """It consumes lines."""
        verifyObject(ILineConsumer, self.server)

    def test_each_legacy_revision(self) -> None:
        """A client gets the revision that it asks for, and answers in its form."""
        for version in LEGACY_VERSIONS:
            opened = self.ask(initialize(version), version)
            self.assertEqual(opened["result"]["protocolVersion"], version)
            tools = self.ask(request("tools/list"), version)["result"]["tools"]
            self.assertEqual("title" in tools[0], str(version) >= "2025-06-18")

    def test_modern(self) -> None:
        """A request with an envelope needs no session and no headers."""
        found = self.ask(modern(request("server/discover")), MODERN_VERSION)
        self.assertEqual(found["result"]["supportedVersions"], [MODERN_VERSION])
        said = self.ask(modern(call("echo", {"words": "hi"})), MODERN_VERSION)
        self.assertEqual(said["result"]["structuredContent"], {"said": "hi"})

    def test_unsupported_modern(self) -> None:
        """A revision that is not supported is answered with those that are."""
        found = self.ask(modern(request("server/discover"), "2099-01-01"))
        self.assertEqual(found["error"]["code"], -32022)
        self.assertIn(MODERN_VERSION, found["error"]["data"]["supported"])

    def test_both_at_once(self) -> None:
        """A modern request does not disturb the session, nor the reverse."""
        self.open("2025-06-18")
        self.ask(modern(call("hello")), MODERN_VERSION)
        answer = self.ask(call("hello", id=5), "2025-06-18")
        self.assertEqual((answer["id"], "resultType" in answer["result"]), (5, False))

    def test_before_initialize(self) -> None:
        """A legacy request that comes first is served."""
        self.assertIn("tools", self.ask(request("tools/list"))["result"])

    def test_unusable(self) -> None:
        """What is not a message is answered with an error, with its id if readable."""
        for line, code, id in (
            (b"garbage", -32700, None),
            (b"7", -32600, None),
            (b'{"jsonrpc":"1.0","id":3,"method":"ping"}', -32600, 3),
            (b'{"jsonrpc":"2.0","id":4,"method":"ping","params":[]}', -32602, 4),
            (b'{"jsonrpc":"2.0","id":5,"method":"no/such"}', -32601, 5),
            (b"[" * 3000, -32700, None),
        ):
            self.connection.data(line + b"\n")
            (answer,) = self.taken()
            self.assertEqual(answer["error"]["code"], code, line[:80])
            self.assertEqual(answer.get("id"), id)

    def test_batches(self) -> None:
        """Only revision 2025-03-26 has batches; the answers come together."""
        batch = [request("ping", id=1), notice("x"), call("hello", id=2)]
        self.send(batch)
        (refused,) = self.taken()
        self.assertEqual(refused["error"]["code"], -32600)
        self.open("2025-03-26")
        self.send(batch)
        answers: Json = self.taken()[0]
        self.assertEqual([each["id"] for each in answers], [1, 2])


class CallTests(StdioTestCase):
    """Calls that take time."""

    def test_out_of_order(self) -> None:
        """Each answer comes when it is ready."""
        for wrap in (dict, modern):
            self.send(wrap(call("slow", {"tag": "a"}, id=1)))
            self.send(wrap(call("slow", {"tag": "b"}, id=2)))
            first, second = self.toolbox.running
            second.finish()
            first.finish()
            self.assertEqual([each["id"] for each in self.taken()], [2, 1])
            self.toolbox.running.clear()

    def test_progress(self) -> None:
        """Progress comes before the result, in both eras."""
        for wrap in (dict, modern):
            self.send(wrap(call("steps", id=1, token="t")))
            self.toolbox.running.pop().finish()
            *progress, answer = self.taken()
            heard = [each["params"]["progress"] for each in progress]
            self.assertEqual((heard, answer["id"]), ([1, 2, 3], 1))

    def test_log_level(self) -> None:
        """Log notifications follow the level of the session, or of the request."""
        self.open()
        self.ask(request("logging/setLevel", {"level": "warning"}))
        self.send(call("chatty"))
        self.send(modern(call("chatty", id=2), logLevel="error"))
        levels = [each["params"]["level"] for each in self.taken()]
        self.assertEqual(levels, ["warning", "error", "error"])
        for running in self.toolbox.running:
            running.finish()

    def test_cancel(self) -> None:
        """A cancelled request stops, and nothing more is sent for it."""
        wraps: tuple[Callable[[JsonObject], JsonObject], ...] = (dict, modern)
        for wrap in wraps:
            for id in (1, "one"):
                self.send(wrap(call("slow", id=id)))
                self.send(notice("notifications/cancelled", {"requestId": id}))
                running = self.toolbox.running.pop()
                self.assertTrue(running.cancelled)
                running.call.progress(1)
                self.assertEqual(self.taken(), [])
                self.send(wrap(call("hello", id=id)))
                self.assertEqual([each["id"] for each in self.taken()], [id])

    def test_cancel_nothing(self) -> None:
        """A cancellation of no running request is ignored."""
        ids: tuple[Json, ...] = (1, "x", True, None, 1.5, [], {})
        for id in ids:
            self.send(notice("notifications/cancelled", {"requestId": id}))
            self.send(modern(notice("notifications/cancelled", {"requestId": id})))
        self.assertEqual(self.taken(), [])

    def test_same_id_twice(self) -> None:
        """Two requests with one id are answered both."""
        for wrap in (dict, modern):
            self.send(
                wrap(call("slow", {"tag": "a"})), wrap(call("slow", {"tag": "b"}))
            )
            for running in self.toolbox.running:
                running.finish()
            self.toolbox.running.clear()
            texts = [each["result"]["content"][0]["text"] for each in self.taken()]
            self.assertEqual(texts, ["a", "b"])

    def test_still_running(self) -> None:
        """A legacy call that takes long is answered; a repetition gets its result."""
        self.open()
        self.send(call("slow", {"tag": "a"}))
        self.clock.pump([10.0] * 6)
        (notified,) = self.taken()
        code = notified["result"]["structuredContent"]["error"]["code"]
        self.assertEqual(code, "still_running")
        self.send(call("slow", {"tag": "a"}, id=2))
        self.toolbox.running[0].finish()
        (answer,) = self.taken()
        self.assertEqual(answer["result"]["content"][0]["text"], "a")
        self.assertEqual(len(self.toolbox.running), 1)

    def test_too_many(self) -> None:
        """Beyond a number of open requests, more are refused and not executed."""
        wraps = (dict, modern)
        for number in range(MAX_OPEN_REQUESTS):
            self.send(wraps[number % 2](call("slow", {"tag": str(number)}, id=number)))
        self.send(call("slow", id=9999))
        (refused,) = self.taken()
        self.assertEqual((refused["id"], refused["error"]["code"]), (9999, -31503))
        self.assertEqual(len(self.toolbox.running), MAX_OPEN_REQUESTS)
        for running in self.toolbox.running:
            running.finish()
        self.assertEqual(len(self.taken()), MAX_OPEN_REQUESTS)
        self.assertIn("result", self.ask(request("ping", id="after")))

    def test_bug(self) -> None:
        """A bug in a tool is answered, and the next request is served."""
        self.assertEqual(self.ask(call("boom"))["error"]["code"], -32603)
        self.assertIn("result", self.ask(request("ping", id=2)))
        self.assertEqual(len(self.flushLoggedErrors()), 1)


class AskingTests(StdioTestCase):
    """Questions to the client."""

    def test_legacy(self) -> None:
        """A legacy client is sent a request, and its response is the answer."""
        self.open(elicitation={})
        self.send(call("slow"))
        asking = self.toolbox.running[0].call.ask({"name": NAME})
        (question,) = self.taken()
        self.assertEqual(question["method"], "elicitation/create")
        answer = {"action": "accept", "content": {"name": "Ada"}}
        self.send({"jsonrpc": "2.0", "id": question["id"], "result": answer})
        self.assertEqual(self.successResultOf(asking), {"name": answer})
        self.toolbox.running[0].finish()

    def test_legacy_without_capability(self) -> None:
        """A client that declares no capability is not asked."""
        self.open()
        self.send(call("slow"))
        self.failureResultOf(
            self.toolbox.running[0].call.ask({"r": ListRoots()}), CannotAsk
        )
        self.assertEqual(self.taken(), [])
        self.toolbox.running[0].finish()

    def test_end(self) -> None:
        """A question that is open when the input ends is not answered any more."""
        self.open(elicitation={}, roots={})
        self.send(call("slow"))
        running = self.toolbox.running[0]
        asking = running.call.ask({"name": NAME})
        self.connection.end()
        self.failureResultOf(asking, CannotAsk)
        self.failureResultOf(running.call.ask({"r": ListRoots()}), CannotAsk)
        running.finish()
        self.assertEqual(self.taken()[-1]["result"]["content"][0]["text"], "done")


class SubscriptionTests(StdioTestCase):
    """Changes that the client listens to."""

    LISTEN = request("subscriptions/listen", {"notifications": {TOOLS: True}}, "l")

    def test_modern(self) -> None:
        """Notifications have the id of their subscription until it is cancelled."""
        self.send(modern(self.LISTEN))
        (acknowledged,) = self.taken()
        method = "notifications/subscriptions/acknowledged"
        self.assertEqual(acknowledged["method"], method)
        self.changes.list_changed(TOOLS)
        (changed,) = self.taken()
        self.assertEqual(changed["params"]["_meta"], {META + "subscriptionId": "l"})
        self.send(notice("notifications/cancelled", {"requestId": "l"}))
        self.changes.list_changed(TOOLS)
        self.assertEqual(self.taken(), [])
        self.assertEqual(self.changes.listener_count, 0)

    def test_end_by_the_server(self) -> None:
        """The server ends a subscription with the response to its request."""
        self.send(modern(self.LISTEN))
        self.taken()
        self.changes.close()
        (ended,) = self.taken()
        self.assertEqual(
            (ended["id"], ended["result"]["resultType"]), ("l", "complete")
        )

    def test_legacy(self) -> None:
        """A legacy client is notified once it has initialized."""
        self.changes.list_changed(TOOLS)
        self.assertEqual(self.taken(), [])
        self.open()
        self.changes.list_changed(TOOLS)
        (changed,) = self.taken()
        self.assertEqual(changed["method"], "notifications/tools/list_changed")


class EndTests(StdioTestCase):
    """The client leaves."""

    def test_waits(self) -> None:
        """The end waits for what is in flight, and its answers are written."""
        self.send(call("slow"))
        ended = self.connection.end()
        self.assertNoResult(ended)
        self.toolbox.running[0].finish()
        self.assertEqual(len(self.taken()), 1)
        self.finishing.callback(None)
        self.successResultOf(ended)
