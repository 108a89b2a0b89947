"""Calls in progress delay the stop; finished ones do not."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import loads
from instantly_mcp.daemon.draining import RefuseNewWork, TrackedServer
from instantly_mcp.daemon.process.in_flight import InFlight
from instantly_mcp.pipeline.exchange import Exchange
from instantly_mcp.protocol.calls.call import Caller
from instantly_mcp.protocol.primitives.registries import ToolRegistry
from instantly_mcp.protocol.primitives.tool import Annotations, Tool, ToolResult
from instantly_mcp.protocol.wire.jsonrpc import (
    Batch,
    ClientResponse,
    Notification,
    Request,
)
from instantly_mcp.protocol.wire.versions import V2025_11_25
from tests.support.cases import ClockedTestCase
from tests.support.exchanges import exchange
from tests.support.servers import make_server_features


class TrackedServerTests(ClockedTestCase):
    """An MCP server with one slow tool."""

    def setUp(self) -> None:
        """Make the server."""
        super().setUp()
        self.work: Deferred[ToolResult] = Deferred()
        hints = Annotations(
            read_only=True, destructive=False, idempotent=True, open_world=False
        )
        tool = Tool(
            name="slow",
            title="Slow",
            description="Takes its time.",
            input_schema={"type": "object"},
            annotations=hints,
            run=lambda arguments, call: self.work,
            needs_credential=False,
        )
        self.in_flight = InFlight()
        server_features = make_server_features(ToolRegistry([tool]), self.clock)
        self.server = TrackedServer(server_features, tracker=self.in_flight)
        self.caller = Caller(revision=V2025_11_25)

    def call(self) -> Deferred[Any]:
        """Call the tool."""
        request = Request(1, "tools/call", {"name": "slow", "arguments": {}})
        return self.server.handle(request, self.caller)

    def test_slow_call(self):
        """A call counts until it is answered, and its answer is untouched."""
        calling = self.call()
        self.assertEqual(self.in_flight.count, 1)
        self.work.callback(ToolResult(structured={"done": True}))
        response = self.successResultOf(calling)
        self.assertEqual(response.id, 1)
        self.assertEqual(self.in_flight.count, 0)

    def test_delivered_before_the_stop_goes_on(self):
        """What waits for the last call goes on when its answer has been delivered."""
        events: list[str] = []
        self.call().addCallback(lambda _: events.append("delivered"))
        self.in_flight.when_empty().addCallback(lambda _: events.append("stop"))
        self.work.callback(ToolResult(structured={}))
        self.assertEqual(events, ["delivered", "stop"])

    def test_quick_call(self):
        """A call that is answered at once is never counted."""
        self.successResultOf(self.server.handle(Request(1, "ping"), self.caller))
        self.assertEqual(self.in_flight.count, 0)

    def test_cancelled_call(self):
        """A cancelled call does not count any more."""
        calling = self.call()
        calling.cancel()
        self.failureResultOf(calling, CancelledError)
        self.assertEqual(self.in_flight.count, 0)

    def test_given_up(self):
        """A call that is given up is answered; a read can be repeated."""
        calling = self.call()
        self.server.give_up()
        result = self.successResultOf(calling).result
        self.assertTrue(result["isError"])
        error = loads(result["content"][0]["text"].encode())
        self.assertEqual(error["code"], "server_stopped")
        self.assertIn("stopped before slow had ended", error["message"])
        self.assertIn("safe", error["hint"])
        self.assertEqual(self.in_flight.count, 0)

    def test_log(self):
        """Calls that have not ended are logged with tool and principal only."""
        self.call()
        events: list[Any] = []
        observer: Any = events.append
        self.patch(TrackedServer, "log", Logger("test", observer=observer))
        self.server.log_open()
        self.assertEqual(
            formatEvent(events[0]), "tools/call slow of anonymous has not ended"
        )
        self.server.give_up()

    def test_cancelled_before(self):
        """A call that its client cancelled has no answer, also at the end."""
        calling = self.call()
        calling.cancel()
        self.server.give_up()
        self.failureResultOf(calling, CancelledError)


class RefuseNewWorkTests(SynchronousTestCase):
    """Which requests a draining daemon accepts."""

    def outcome(self, message: Any, method: str = "POST") -> object:
        """Return the outcome of a message."""
        asked = evolve(exchange(method=method), message=message)
        outcome: Any = self.successResultOf(RefuseNewWork().process(asked))
        return 200 if isinstance(outcome, Exchange) else outcome.status

    def test_new_work(self):
        """Requests, batches with one, and new streams are refused with 503."""
        request = Request(1, "tools/call", {"name": "x"})
        for message in (request, Request(1, "initialize"), Batch([request])):
            self.assertEqual(self.outcome(message), 503)
        self.assertEqual(self.outcome(None, "GET"), 503)

    def test_earlier_work(self):
        """Messages that belong to work in progress are accepted."""
        for message in (
            ClientResponse("server-1", {}),
            Notification("notifications/cancelled"),
            Request(1, "ping"),
            Request(1, "tasks/get", {"taskId": "x"}),
            Batch([Notification("notifications/cancelled")]),
        ):
            self.assertEqual(self.outcome(message), 200)
        self.assertEqual(self.outcome(None, "DELETE"), 200)
