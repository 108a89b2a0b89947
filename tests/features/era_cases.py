"""The base class of tests that call tools in every era, on the simulated Instantly.

A call goes through the whole protocol engine, so its arguments are checked, and its
result is rendered and fits the schema of its revision.
"""

from __future__ import annotations

from typing import Any

from instantly_mcp._json_codec import dumps, loads
from instantly_mcp.protocol.arguments.fences import without_fences
from instantly_mcp.protocol.calls.call import Caller
from instantly_mcp.protocol.wire.jsonrpc import Batch, decode
from instantly_mcp.protocol.wire.versions import ALL_REVISIONS
from instantly_mcp.sandbox.workspaces import Sandbox
from tests.features.cases import NOW, without_notice
from tests.features.on_sandbox import features_on
from tests.support.cases import ClockedTestCase
from tests.support.exchanges import headers
from tests.support.messages import (
    LEGACY_VERSIONS,
    MODERN_VERSION,
    call,
    modern,
    modern_headers,
)
from tests.support.servers import credential, make_server
from tests.support.wire import check_message

ERAS = (*LEGACY_VERSIONS, MODERN_VERSION)
MOST_SECONDS = 120
KEY = "sandbox-every-era"


class EraTestCase(ClockedTestCase):
    """Gives a test the whole server on a sandbox, in any revision of MCP."""

    def setUp(self) -> None:
        """Build the server."""
        super().setUp()
        self.start_server()

    def start_server(self) -> None:
        """Build a server on a new sandbox."""
        self.sandbox = self.new_sandbox()
        features = features_on(self.sandbox, self.clock)
        self.server = make_server(features.tools, self.clock)

    def new_sandbox(self) -> Sandbox:
        """Return a new sandbox."""
        return Sandbox(self.clock, start=NOW, rate_limited=False)

    def result(self, version: str, tool_name: str, arguments: Any) -> Any:
        """Return the result of ``tools/call`` in a revision."""
        message = call(tool_name, arguments)
        revision, fields = ALL_REVISIONS[version], {}
        if revision.modern:
            message = modern(message, version)
            fields = modern_headers(message)
        body = decode(dumps(message))
        assert not isinstance(body, Batch)
        caller = Caller(
            revision=revision, credential=credential(KEY), headers=headers(fields)
        )
        handling = self.server.handle(body, caller)
        for _ in range(MOST_SECONDS):
            if handling.called:
                break
            self.clock.advance(1)
        response = self.successResultOf(handling)
        assert response is not None
        answered = loads(response.encode())
        check_message(version, answered, "tools/call")
        return answered["result"]

    def value(self, version: str, tool_name: str, **arguments: Any) -> Any:
        """Return what a call that succeeds says, as its text block has it.

        The tags around untrusted text, and their notice, are removed.
        """
        result = self.result(version, tool_name, arguments)
        self.assertFalse(result.get("isError"), result)
        return said_in(result)

    def failure(self, version: str, tool_name: str, **arguments: Any) -> Any:
        """Return the error object of a call that fails."""
        result = self.result(version, tool_name, arguments)
        self.assertTrue(result.get("isError"), result)
        return said_in(result)


def said_in(result: Any) -> Any:
    """Return the JSON of a result's text block without tags and their notice."""
    return without_notice(without_fences(loads(result["content"][0]["text"])))
