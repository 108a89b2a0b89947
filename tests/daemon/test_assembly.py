"""The whole daemon with a sandbox, seen from outside."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import readBody

from instantly_mcp._deferred import deferred
from instantly_mcp.daemon.assembly import build, warnings_of
from instantly_mcp.daemon.http import make_http_parts
from instantly_mcp.daemon.logs.line_file import LineFile
from instantly_mcp.daemon.logs.observer import FORMATS, LogObserver
from instantly_mcp.daemon.logs.redaction import Redactor
from instantly_mcp.daemon.mcp import make_features, make_mcp_parts
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.protocol.wire.versions import V2025_11_25

from .processes import MODULE, ProcessTestCase, agent_over, in_checkout


class StillReactor(MemoryReactorClock):
    """A reactor whose time does not move."""

    def callFromThread(self, function, *arguments):
        """Call it now: there is one thread."""
        function(*arguments)


def noon() -> float:
    """Return the time of a clock that stands still."""
    return 43_200.0


class BuildTests(SynchronousTestCase):
    """Building a daemon has no effect until it starts."""

    def test_nothing_happens(self):
        """There is no socket, timer or log line before the service starts."""
        reactor = StillReactor()
        observer = LogObserver(LineFile(None), FORMATS["text"], Redactor())
        said: list[str] = []
        for given in ({"sandbox": "true"}, {"upstream": "http://127.0.0.1:9"}):
            settings = resolve(given, {})
            service = build(settings, reactor, observer, out=None, give_up=said.extend)
            self.assertFalse(service.running)
        self.assertEqual(reactor.getDelayedCalls(), [])
        self.assertEqual(reactor.tcpServers, [])
        self.assertEqual(said, [])


class WarningTests(SynchronousTestCase):
    """What a daemon says once it listens."""

    def test_long_path(self):
        """Commands cannot reach a daemon whose state directory has a long path."""
        deep = Path(self.mktemp()) / ("d" * 100)
        settings = resolve({"sandbox": "true", "state_dir": str(deep)}, {})
        mcp = make_mcp_parts(settings, Clock(), noon)
        self.addCleanup(mcp.state.close)
        found = warnings_of(settings, mcp)
        self.assertTrue(any("IMCP-CONTROL" in line for line in found))


class LimitTests(SynchronousTestCase):
    """Limits in the settings reach the part that applies them."""

    def test_sessions(self):
        """No more sessions are held than ``max_sessions`` says."""
        settings = resolve({"sandbox": "true", "max_sessions": "2"}, {})
        mcp = make_mcp_parts(settings, Clock(), noon)
        for _ in range(3):
            mcp.sessions.open(V2025_11_25, None)
        self.assertEqual(mcp.sessions.count, 2)

    def test_checks_that_only_warn(self):
        """The checks that ``preflight_warn_only`` names reach the tool that starts."""
        given = {"sandbox": "true"}
        environ = {"INSTANTLY_MCP_PREFLIGHT_WARN_ONLY": "variables, leads"}
        settings, clock = resolve(given, environ), Clock()
        mcp = make_mcp_parts(settings, clock, noon)
        seal = mcp.state.seal
        features = make_features(settings, clock, mcp.upstream, noon, seal=seal)
        self.assertEqual(features.context.warn_only, {"variables", "leads"})

    def test_connections(self):
        """No more connections are served than ``max_connections`` says."""
        settings = resolve({"sandbox": "true", "max_connections": "7"}, {})
        mcp = make_mcp_parts(settings, Clock(), noon)
        http = make_http_parts(settings, StillReactor(), mcp, noon)
        self.assertEqual(http.limits.connections, 7)


class SandboxDaemonTests(ProcessTestCase):
    """What only the whole daemon has."""

    async def tool(self, url: str, name: str, **arguments: Any) -> Any:
        """Call a tool; return its text as JSON."""
        params = {"name": name, "arguments": arguments}
        answered = await self.call(url, "tools/call", params)
        result = answered["result"]
        self.assertNotIn("isError", result, result)
        return json.loads(result["content"][0]["text"])

    @deferred
    async def test_key_formats(self):
        """A 401 never suggests a way to send a key that the settings disable."""
        environ = {"INSTANTLY_MCP_UPSTREAM": "http://127.0.0.1:9"}
        running = self.spawn([*MODULE, "--key-in-query=off"], environ=environ)
        (url,) = (await running.ready())["urls"]
        params = {"name": "list_campaigns", "arguments": {}}
        asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        accept = {"Accept": "application/json", "Content-Type": "application/json"}
        stream = url.removesuffix("/mcp") + "/sse"
        for response in (
            await self.request(b"POST", url, accept, self.body(asked)),
            await self.request(b"GET", stream, {"Accept": "text/event-stream"}),
        ):
            self.assertEqual(response.code, 401)
            formats = json.loads(await readBody(response))["error"]["data"][
                "supportedFormats"
            ]
            self.assertIn("x-api-key: YOUR_KEY", formats)
            self.assertNotIn("apiKey", "".join(formats))

    @deferred
    async def test_outbox(self):
        """A reply is found in the outbox, and is gone after a reset."""
        running = self.spawn([*MODULE, "--sandbox", "--policy-sends=allow"])
        (url,) = (await running.ready())["urls"]
        base = url.removesuffix("/mcp")
        received = await self.tool(url, "list_emails", email_type="received")
        mail = received["items"][0]
        await self.tool(
            url,
            "reply_to_email",
            reply_to_uuid=mail["id"],
            subject="Re: hello",
            body={"text": "Thank you."},
        )
        outbox = json.loads(await self.get(f"{base}/sandbox/outbox"))
        self.assertEqual(outbox["count"], 1)
        self.assertIn("Thank you.", json.dumps(outbox))
        other = json.loads(await self.get(f"{base}/sandbox/outbox?key=sandbox-b"))
        self.assertEqual(other["count"], 0)
        effects = json.loads(await self.get(f"{base}/sandbox/effects"))
        self.assertEqual([each["change"] for each in effects["effects"]], ["sent"])
        self.assertIn("replyToEmail", json.dumps(effects["operations"]))
        shown = {"Authorization": "Bearer sandbox"}
        mine = json.loads(await self.get(f"{base}/sandbox/outbox", shown))
        self.assertEqual(mine["count"], 1)
        shown = {"Authorization": "Bearer sandbox-b"}
        other = json.loads(await self.get(f"{base}/sandbox/outbox", shown))
        self.assertEqual(other["count"], 0)
        response = await self.request(b"POST", f"{base}/sandbox/reset", {})
        self.assertEqual(response.code, 200)
        outbox = json.loads(await self.get(f"{base}/sandbox/outbox"))
        self.assertEqual(outbox["count"], 0)

    @deferred
    async def test_outbox_of_a_foreign_key(self):
        """A key that is not the sandbox's gets no outbox, and is not repeated."""
        running = self.spawn([*MODULE, "--sandbox"])
        (url,) = (await running.ready())["urls"]
        foreign = url.replace("/mcp", "/sandbox/outbox?key=foreign-key")
        response = await self.request(b"GET", foreign, {})
        self.assertEqual(response.code, 404)

    @deferred
    async def test_metrics(self):
        """The metrics are served apart from the MCP port, by route template."""
        path = self.folder / "metrics"
        running = self.spawn(
            [*MODULE, "--sandbox", f"--metrics-listen=unix:{in_checkout(path)}"]
        )
        (url,) = (await running.ready())["urls"]
        await self.call(url.replace("/mcp", "/mcp/sandbox-path"), "tools/list")
        on_mcp_port = await self.request(b"GET", url.replace("/mcp", "/metrics"), {})
        self.assertEqual(on_mcp_port.code, 404)
        self.agent = agent_over(path)
        text = (await self.get("http://localhost/metrics")).decode()
        self.assertIn("instantly_mcp_sessions 0", text)
        self.assertNotIn("sandbox-path", text)

    @deferred
    async def test_log_names_callers_by_digest(self):
        """The request log has the route, the status, a digest and its source."""
        running = self.spawn([*MODULE, "--sandbox"])
        (url,) = (await running.ready())["urls"]
        await self.call(url.replace("/mcp", "/mcp/sandbox-path"), "tools/list")
        await running.said(b"POST /mcp/{key} 200")
        self.assertRegex(running.output, rb"principal=[0-9a-f]{8,} source=path")
        self.assertNotIn(b"sandbox-path", running.output)

    @deferred
    async def test_session_survives_a_restart(self):
        """A session goes on after a restart with the same state directory."""
        state = f"--state-dir={self.folder / 'state'}"
        running = self.spawn([*MODULE, "--sandbox", state])
        (url,) = (await running.ready())["urls"]
        session = await self.initialize(url)
        running.send(signal.SIGTERM)
        await running.ended
        running = self.spawn([*MODULE, "--sandbox", state])
        (url,) = (await running.ready())["urls"]
        pong = await self.call(url, "ping", headers={"Mcp-Session-Id": session})
        self.assertEqual(pong["result"], {})

    async def initialize(self, url: str) -> str:
        """Open a session; return its id."""
        message = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        }
        types = {"Content-Type": "application/json", "Accept": "application/json"}
        response = await self.request(b"POST", url, types, self.body(message))
        (session,) = response.headers.getRawHeaders("mcp-session-id")
        return str(session)
