"""Calls in progress hold the stop; finished ones do not."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from instantly_mcp.daemon.draining import TrackedServer
from instantly_mcp.daemon.in_flight import InFlight
from instantly_mcp.protocol.call import Caller
from instantly_mcp.protocol.jsonrpc import Request
from instantly_mcp.protocol.shelves import ToolShelf
from instantly_mcp.protocol.tool import Annotations, Tool, ToolResult
from instantly_mcp.protocol.versions import V2025_11_25
from tests.support.cases import ClockedTestCase
from tests.support.servers import make_offer


class TrackedServerTests(ClockedTestCase):
    """An engine with one slow tool."""

    def setUp(self) -> None:
        """Have the engine."""
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
        offer = make_offer(ToolShelf([tool]), self.clock)
        self.server = TrackedServer(offer, tracker=self.in_flight)
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

    def test_quick_call(self):
        """What is answered at once is never counted."""
        self.successResultOf(self.server.handle(Request(1, "ping"), self.caller))
        self.assertEqual(self.in_flight.count, 0)

    def test_cancelled_call(self):
        """A cancelled call does not count any more."""
        calling = self.call()
        calling.cancel()
        self.failureResultOf(calling, CancelledError)
        self.assertEqual(self.in_flight.count, 0)
