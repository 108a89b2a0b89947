"""Calls that are still in progress at the end of a real daemon's drain are answered."""

from __future__ import annotations

import signal
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.web.client import readBody

from instantly_mcp._deferred import deferred

from .processes import LOOK_SECONDS, MODULE, Running
from .test_stopping import KEY, UpstreamTestCase

PATIENCE = (
    "import instantly_mcp.daemon.process.service as s; s.DRAIN_SECONDS = 1.0; "
    "from instantly_mcp.cli import main; main()"
)
"""The same program, with a drain of 1 s instead of 25."""

CREATE = {"name": "create_lead_list", "arguments": {"name": "canary-argument"}}
LIST = {"name": "list_campaigns", "arguments": {}}


class Reading(Protocol):
    """Keeps what a server sends on one connection."""

    def __init__(self) -> None:
        self.data = b""

    def dataReceived(self, data: bytes) -> None:
        """Keep it."""
        self.data += data

    async def until(self, text: bytes) -> bytes:
        """Wait until a text has arrived."""
        while text not in self.data:
            await deferLater(reactor, LOOK_SECONDS)
        return self.data


class GivingUpTests(UpstreamTestCase):
    """The upstream never answers, and the daemon gets SIGTERM."""

    def live(self, *options: str, **environ: str) -> Running:
        """Start a live daemon that drains for one second."""
        command = (MODULE[0], "-c", PATIENCE, "run", "--upstream", self.base, *options)
        return self.spawn(command, environ=environ)

    def tool(self, url: str, params: Any, **headers: str) -> Deferred[Any]:
        """Call a tool with a key."""
        whole = {"x-api-key": KEY, **headers}
        return Deferred.fromCoroutine(self.call(url, "tools/call", params, whole))

    @deferred
    async def test_answer_in_json(self):
        """A write is reported as uncertain with what to check, a read as repeatable."""
        running = self.live()
        (url,) = (await running.ready())["urls"]
        calling = gatherResults([self.tool(url, CREATE), self.tool(url, LIST)])
        for _ in range(2):
            await self.upstream.asked.get()
        running.send(signal.SIGTERM)
        created, listed = [answer["result"] for answer in await calling]
        self.assertTrue(created["isError"])
        text = created["content"][0]["text"]
        self.assertIn("outcome_unknown", text)
        self.assertIn("Check with list_lead_lists", text)
        self.assertTrue(listed["isError"])
        self.assertIn("safe to repeat", listed["content"][0]["text"])
        self.assertEqual(await running.ended, 0, running.output)
        self.logged(running, b"create_lead_list", b"list_campaigns")

    def logged(self, running: Running, *tools: bytes) -> None:
        """Check that the log names what was given up, and no argument or key."""
        for tool in tools:
            self.assertIn(b"tools/call " + tool + b" of ", running.output)
        self.assertNotIn(b"canary-argument", running.output)
        self.assertNotIn(KEY.encode(), running.output)

    @deferred
    async def test_answer_on_a_stream(self):
        """The same on the event stream that an answer became."""
        running = self.live()
        (url,) = (await running.ready())["urls"]
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": CREATE}
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream, application/json;q=0",
            "x-api-key": KEY,
        }
        posting = self.request(b"POST", url, headers, self.body(message))
        calling = Deferred.fromCoroutine(posting)
        await self.upstream.asked.get()
        running.send(signal.SIGTERM)
        answer = await readBody(await calling)
        self.assertIn(b"event: message", answer)
        self.assertIn(b"outcome_unknown", answer)
        self.assertEqual(await running.ended, 0, running.output)

    @deferred
    async def test_answer_on_http_sse(self):
        """The same on the stream of HTTP+SSE, before that stream ends."""
        running = self.live()
        (url,) = (await running.ready())["urls"]
        port = int(url.split(":")[2].split("/")[0])
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        stream = await connectProtocol(endpoint, Reading())
        self.addCleanup(stream.transport.abortConnection)
        stream.transport.write(
            b"GET /sse HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: %b\r\n\r\n"
            % KEY.encode()
        )
        opened = await stream.until(b"sessionId=")
        await stream.until(b"\n\n")
        where = opened.split(b"data: ")[1].split()[0].decode()
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": CREATE}
        posted = await self.request(
            b"POST",
            url.replace("/mcp", where),
            {"Content-Type": "application/json"},
            self.body(message),
        )
        self.assertEqual(posted.code, 202)
        await readBody(posted)
        await self.upstream.asked.get()
        running.send(signal.SIGTERM)
        self.assertEqual(await running.ended, 0, running.output)
        await stream.until(b"outcome_unknown")

    @deferred
    async def test_client_that_left(self):
        """A write whose client has left is waited for, then logged as unknown."""
        running = self.live()
        (url,) = (await running.ready())["urls"]
        calling = self.tool(url, CREATE)
        calling.addErrback(lambda _: None)
        await self.upstream.asked.get()
        calling.cancel()
        running.send(signal.SIGTERM)
        self.assertEqual(await running.ended, 0, running.output)
        self.assertIn(b"createLeadList for ", running.output)
        self.assertIn(b"outcome_unknown", running.output)
        self.assertIsNone(await calling)
