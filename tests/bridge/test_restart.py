"""A real daemon that is killed and started again, behind a relay."""

from __future__ import annotations

import json
import sys
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from instantly_mcp._credential import Secret
from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import Json, JsonObject, dumps
from instantly_mcp.bridge.build import make_bridge
from instantly_mcp.bridge.target import BridgeTarget
from tests.daemon.processes import ROOT
from tests.e2e.cases import Daemon, DaemonTestCase
from tests.support.fault_proxy import Fault, FaultProxy, Plan
from tests.support.messages import modern as with_envelope
from tests.support.tool_counts import DEFAULT_TOOLS

from .scripted import INITIALIZE, ask, tool
from .test_wire import Answers

reactor: Any = real_reactor

KEY = "sandbox-canary-relay"
CHANGED = "notifications/tools/list_changed"


class SdkClient(ProcessProtocol):
    """The SDK's client; see ``sdk_program``."""

    def __init__(self) -> None:
        self.errors = b""
        self.notifications: list[str] = []
        self.ended: Deferred[None] = Deferred()
        self._rest = b""
        self._waiting: list[Deferred[Json]] = [Deferred()]
        self.ready = self._waiting[0]

    def outReceived(self, data: bytes) -> None:
        """Read the lines that are complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in map(json.loads, lines):
            if "heard" in line:
                self.notifications.append(line["heard"])
            else:
                self._waiting.pop(0).callback(line)

    def errReceived(self, data: bytes) -> None:
        """Keep what it and the relay write to standard error."""
        self.errors += data

    def processEnded(self, reason: Failure) -> None:
        """Fail what waits."""
        for waiting in self._waiting:
            waiting.errback(AssertionError(f"the client ended: {self.errors!r}"))
        self.ended.callback(None)

    def said(self, **command: Json) -> Deferred[Json]:
        """Send a command; fire with its answer."""
        waiting: Deferred[Json] = Deferred()
        self._waiting.append(waiting)
        transport: Any = self.transport
        transport.write(json.dumps(command).encode() + b"\n")
        return waiting

    async def tools(self) -> list[str]:
        """Return the names of the listed tools."""
        return [each["name"] for each in (await self.said(do="tools"))["value"]]

    async def call(self, name: str, **arguments: Json) -> JsonObject:
        """Call a tool; return its result."""
        found = await self.said(do="call", tool=name, arguments=arguments)
        result: JsonObject = found["value"]
        return result


class RestartTestCase(DaemonTestCase):
    """A daemon, and clients of relays to it."""

    keys = (KEY,)

    def client(self, mode: str, url: str) -> SdkClient:
        """Start a client, which starts a relay."""
        started = {
            "command": sys.executable,
            "args": ["-m", "instantly_mcp", "stdio", "--url", url],
            "cwd": str(ROOT),
            "env": {"INSTANTLY_TOKEN": KEY, "PYTHONDONTWRITEBYTECODE": "1"},
        }
        client = SdkClient()
        command = [sys.executable, "-m", "tests.bridge.sdk_program", mode]
        reactor.spawnProcess(
            client,
            command[0],
            [*command, json.dumps(started)],
            env=None,
            path=str(ROOT),
        )
        self.addCleanup(self.leave, client)
        return client

    def leave(self, client: SdkClient) -> Deferred[None]:
        """Let the client leave."""
        client._waiting.append(Deferred())
        client._waiting[-1].addErrback(lambda _: None)
        transport: Any = client.transport
        transport.closeStdin()

        def check(_: object) -> None:
            self.assertNotIn(KEY.encode(), client.errors)
            self.assertNotIn(b"Traceback", client.errors)

        return client.ended.addCallback(check)

    async def changed(self, client: SdkClient, times: int = 1) -> None:
        """Wait until the client was notified that the tools changed."""
        await self.until(lambda: client.notifications.count(CHANGED) >= times)


class KilledDaemonTests(RestartTestCase):
    async def run_story(self, mode: str, *, notified: bool) -> None:
        """Kill the daemon between two calls of one client."""
        daemon = await self.daemon("--sandbox")
        client = self.client(mode, daemon.url)
        await client.ready
        self.assertEqual(len(await client.tools()), DEFAULT_TOOLS)
        await daemon.kill()
        if notified:
            await self.until(lambda: b"connection refused" in client.errors)
        await daemon.start()
        if notified:
            await self.changed(client)
        self.assertEqual(len(await client.tools()), DEFAULT_TOOLS)
        result = await client.call("list_campaigns", limit=1)
        self.assertFalse(result.get("isError"), result)

    @deferred
    async def test_legacy(self) -> None:
        """The tools work again, and the client is notified, without a restart."""
        await self.run_story("legacy", notified=True)

    @deferred
    async def test_modern(self) -> None:
        """The tools work again for a client of the modern era."""
        await self.run_story("auto", notified=False)

    @deferred
    async def test_absent_at_first(self) -> None:
        """The client has one tool; when the daemon is there, it has the others."""
        daemon = await self.daemon("--sandbox")
        await daemon.kill()
        client = self.client("legacy", daemon.url)
        await client.ready
        self.assertEqual(await client.tools(), ["connection_problem"])
        problem = await client.call("connection_problem")
        self.assertIn("connection refused", problem["content"][0]["text"])
        await daemon.start()
        await self.changed(client)
        self.assertEqual(len(await client.tools()), DEFAULT_TOOLS)
        self.assertEqual(client.errors.count(b"connection refused"), 1)


class CutCallTests(RestartTestCase):
    """A call that sends a mail, whose connection is cut once, at some byte."""

    async def outcome(
        self, daemon: Daemon, modern: bool, plan: Plan, text: str
    ) -> Json:
        """Reply to a mail with this fault on the way; return the answer."""
        proxy = FaultProxy(daemon.port)
        proxy.listen(reactor)
        self.addCleanup(deferred(proxy.close))
        answers, reports = Answers(), list[str]()
        target = BridgeTarget(url=f"{proxy.url}/mcp", token=Secret(KEY))
        relay = make_bridge(target, reactor, answers, reports.append)

        async def answer(message: JsonObject) -> JsonObject:
            relay.received(dumps(in_era(message, modern)))
            while True:
                found: JsonObject = await answers.next()
                if found.get("id") == message["id"]:
                    return found

        if not modern:
            await answer(INITIALIZE)
        await answer(ask(1, "tools/list"))
        listed = await answer(tool(2, "list_emails", email_type="received", limit=1))
        [mail] = listed["result"]["structuredContent"]["items"]
        proxy.plan, closed = plan, proxy.closed.count
        proxy.closed.reach(closed + 1).addCallback(lambda _: repair(proxy))
        sent = await answer(
            tool(
                3,
                "reply_to_email",
                reply_to_uuid=mail["id"],
                subject="Re: yours",
                body={"text": text},
                expected_recipient=mail["from"],
            )
        )
        await answer(ask(4, "tools/list"))
        await relay.ended()
        return sent

    @deferred
    async def test_never_twice(self) -> None:
        """The mail is in the outbox once, and the answer does not say otherwise.

        A stream of the legacy era that was begun is resumed, and has the real answer.
        """
        daemon = await self.daemon("--sandbox")
        count = 0
        for modern in (False, True):
            for plan in (Plan(Fault.RESET_REPLY), Plan(Fault.CUT, 300)):
                count += 1
                sent = await self.outcome(daemon, modern, plan, f"Gladly, {count}.")
                result = sent["result"]
                if result.get("isError"):
                    self.assertIn("outcome is unknown", str(result))
                else:
                    self.assertFalse(modern or not plan.after, plan)
                await self.until_sent(daemon, count)

    async def until_sent(self, daemon: Daemon, count: int) -> None:
        """Wait for the mails that the daemon sends; there must not be more."""
        items = await self.outbox(daemon.base, KEY)
        while len(items) < count:
            items = await self.outbox(daemon.base, KEY)
        self.assertEqual(len(items), count)


def repair(proxy: FaultProxy) -> None:
    """Pass everything on from now on."""
    proxy.plan = Plan(Fault.NONE)


def in_era(message: JsonObject, modern: bool) -> JsonObject:
    """Return a message as a client of the era writes it."""
    return with_envelope(message) if modern else message
