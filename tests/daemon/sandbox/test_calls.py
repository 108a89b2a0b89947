"""Calls of tools in the journal of the sandbox."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import NOT_FOR_THE_SANDBOX, Credential, Secret
from instantly_mcp.daemon.sandbox.calls import CallRecorder
from instantly_mcp.pipeline.exchange import Exchange, Headers, Route
from instantly_mcp.protocol.wire.jsonrpc import Batch, Notification, Request
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.protocol.sample_features import features_of


class CallRecorderTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Record into a sandbox."""
        self.sandbox = Sandbox(Clock())
        self.recorder = CallRecorder(self.sandbox, features_of(Clock()).tools)

    def record(self, message, key="sandbox-mine"):
        """Record an exchange with a message."""
        credential = (
            None if key is None else Credential(secret=Secret(key), source="path")
        )
        exchange = Exchange(id="1", method="POST", route=Route.MCP, headers=Headers({}))
        self.recorder(exchange.with_facts(message=message, credential=credential))

    def recorded(self, key="sandbox-mine"):
        """Return the names and arguments of recorded calls."""
        items = self.sandbox.calls_json(key)["items"]
        return [(call["tool"], call["arguments"]) for call in items]

    def call(self, **params):
        """Return a request to call a tool."""
        return Request(1, "tools/call", params)

    def test_calls(self):
        """Calls are recorded with their arguments, also those in a batch."""
        self.record(self.call(name="a", arguments={"x": [1]}))
        self.record(Batch([self.call(name="b"), Request(2, "tools/list", {})]))
        self.assertEqual(self.recorded(), [("a", {"x": [1]}), ("b", {})])

    def test_nothing_else(self):
        """Other messages, and callers who are not in the sandbox, are not recorded."""
        self.record(Request(1, "tools/list", {}))
        self.record(Notification("tools/call", {"name": "a"}))
        self.record(None)
        self.assertEqual(self.recorded(), [])
        for key in (None, "a-real-key-0123456789", NOT_FOR_THE_SANDBOX, ""):
            self.record(self.call(name="a"), key)
        self.record(self.call(name="a"), "sandbox-revoked")
        self.assertEqual(len(self.sandbox._workspaces), 0)

    def test_odd_params(self):
        """Params of a wrong type do not disturb the call."""
        self.record(self.call(name=3, arguments="text"))
        self.record(self.call())
        self.assertEqual(self.recorded(), [("3", "text"), ("None", {})])
