"""n8n, by the requests of its node: the URL and the credential of the workflow.

n8n itself, which takes 1 GB, is not installed. Its node uses the TypeScript SDK, which
tests/clients drives; here its requests are repeated with the header fields that proxies
and its older versions make of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from twisted.web.client import readBody

from instantly_mcp._deferred import deferred
from tests.support.messages import call, initialize, request
from tests.support.tool_counts import DEFAULT_TOOLS

from .cases import AgentTestCase, written

ACCEPTED = (
    "application/json, text/event-stream",
    "*/*",
    "application/json",
    "text/event-stream",
    "text/event-stream;q=0.5, application/json;q=0.1",
    None,
)
"""What reaches the server as Accept; the first is what the SDK sends."""

INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}


class N8nTests(AgentTestCase):
    """The node connects, lists all tools, and calls one."""

    async def post(
        self, url: str, headers: Mapping[str, str], message: Any
    ) -> tuple[Any, Mapping[str, str]]:
        """Send a message; return the answer, and the header fields for the next."""
        types = {"Content-Type": "application/json"}
        response = await self.request(
            b"POST", url, {**types, **headers}, self.body(message)
        )
        body = (await readBody(response)).decode()
        self.assertIn(response.code, (200, 202), body)
        session = response.headers.getRawHeaders("mcp-session-id")
        if session:
            headers = {**headers, "Mcp-Session-Id": session[0]}
        lines = [line[6:] for line in body.splitlines() if line.startswith("data: {")]
        text = lines[-1] if lines else body
        return (json.loads(text) if text else None), headers

    @deferred
    async def test_node(self) -> None:
        """Whatever Accept says, the node gets the tools and a result."""
        daemon = await self.closed_daemon()
        workflow = json.loads(written("n8n", "workflow", daemon.url, "token"))
        (node,) = [each for each in workflow["nodes"] if each["name"] == "Instantly"]
        self.assertEqual(node["parameters"]["authentication"], "bearerAuth")
        url = node["parameters"]["endpointUrl"]
        for accept in ACCEPTED:
            headers: Mapping[str, str] = {"Authorization": f"Bearer {self.token}"}
            if accept is not None:
                headers = {**headers, "Accept": accept}
            _, headers = await self.post(url, headers, initialize())
            _, headers = await self.post(url, headers, INITIALIZED)
            listed, _ = await self.post(url, headers, request("tools/list"))
            self.assertEqual(len(listed["result"]["tools"]), DEFAULT_TOOLS, accept)
            done, _ = await self.post(url, headers, call("list_campaigns", {}))
            self.assertFalse(done["result"].get("isError"), accept)
