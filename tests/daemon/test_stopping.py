"""Stop and reload of a real daemon, and that it never reveals a key."""

from __future__ import annotations

import json
import signal
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredQueue
from twisted.web.client import readBody
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from instantly_mcp._deferred import deferred

from .processes import MODULE, ProcessTestCase, Running

KEY = "caller-key-0123456789=="
PAGE = b'{"items": [], "next_starting_after": null}'


class SlowInstantly(Resource):
    """An upstream that answers when the test says so."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.asked: DeferredQueue[Request] = DeferredQueue()

    def render(self, request: Request) -> int:
        """Keep the request for the test."""
        self.asked.put(request)
        return NOT_DONE_YET


def answer(request: Request, body: bytes = PAGE, status: int = 200) -> str:
    """Answer a request that was kept; return the key that it carried."""
    request.setResponseCode(status)
    request.setHeader(b"content-type", b"application/json")
    request.write(body)
    request.finish()
    return str(request.getHeader("authorization"))


def holds(path: Path, text: bytes) -> bool:
    """Say whether a file holds a text."""
    return text in path.read_bytes()


class UpstreamTestCase(ProcessTestCase):
    """A live daemon whose upstream the test controls."""

    def setUp(self) -> None:
        """Listen as the upstream."""
        super().setUp()
        self.upstream = SlowInstantly()
        site: Any = Site(self.upstream)
        port: Any = reactor.listenTCP(0, site, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.base = f"http://127.0.0.1:{port.getHost().port}"

    def live(self, *options: str, **environ: str) -> Running:
        """Start a live daemon."""
        return self.spawn([*MODULE, "--upstream", self.base, *options], environ=environ)

    def list_campaigns(self, url: str, **headers: str) -> Deferred[Any]:
        """Call a tool that needs the upstream."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        params = {"name": "list_campaigns", "arguments": {}}
        return Deferred.fromCoroutine(self.call(url, "tools/call", params, named))


class DrainTests(UpstreamTestCase):
    """SIGTERM loses no answer; a second one does not wait."""

    @deferred
    async def test_call_in_flight_is_answered(self):
        """While a call drains, probes say so, new work is refused; it is answered."""
        running = self.live()
        (url,) = (await running.ready())["urls"]
        calling = self.list_campaigns(url, x_api_key=KEY)
        held = await self.upstream.asked.get()
        running.send(signal.SIGTERM)
        await self.until(lambda: not running.ready_file.exists())
        await self.refuses_new_work(url)
        self.assertIsNone(running.status)
        answer(held)
        answered = await calling
        self.assertIn("content", answered["result"])
        self.assertNotIn("isError", answered["result"])
        self.assertEqual(await running.ended, 0, running.output)

    async def refuses_new_work(self, url: str) -> None:
        """Check a draining daemon: alive, not ready, 503 for new work."""
        self.assertIn(b"pong", await self.get(url.replace("/mcp", "/ping")))
        await self.get(url.replace("/mcp", "/health"))
        ready = await self.request(b"GET", url.replace("/mcp", "/ready"), {})
        self.assertEqual(ready.code, 503)
        self.assertIn(b"draining", await readBody(ready))
        message = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}
        types = {"Content-Type": "application/json", "Accept": "application/json"}
        refused = await self.request(b"POST", url, types, self.body(message))
        self.assertEqual(refused.code, 503)
        self.assertEqual(refused.headers.getRawHeaders("Retry-After"), ["5"])
        body = json.loads(await readBody(refused))
        self.assertEqual(body["id"], 7)
        self.assertIn("not executed", body["error"]["message"])
        headers = {"Accept": "text/event-stream", "x-api-key": KEY}
        stream = await self.request(b"GET", url.replace("/mcp", "/sse"), headers)
        self.assertEqual(stream.code, 503)
        await readBody(stream)

    @deferred
    async def test_large_answer_is_flushed(self):
        """The last bytes of a large answer arrive before the connection closes."""
        running = self.live()
        (url,) = (await running.ready())["urls"]
        calling = self.list_campaigns(url, x_api_key=KEY)
        held = await self.upstream.asked.get()
        running.send(signal.SIGTERM)
        await self.until(lambda: not running.ready_file.exists())
        items = [{"id": f"{number:08}", "name": "x" * 400} for number in range(2000)]
        answer(held, json.dumps({"items": items}).encode())
        answered = await calling
        self.assertIn("result", answered)
        self.assertEqual(await running.ended, 0, running.output)

    @deferred
    async def test_idle_streams_do_not_hold_the_stop(self):
        """An open event stream ends cleanly and does not delay the exit."""
        running = self.live()
        (url,) = (await running.ready())["urls"]
        headers = {"Accept": "text/event-stream", "x-api-key": KEY}
        stream = await self.request(b"GET", url.replace("/mcp", "/sse"), headers)
        self.assertEqual(stream.code, 200)
        whole = readBody(stream)
        running.send(signal.SIGTERM)
        self.assertIn(b"event: endpoint", await whole)
        self.assertEqual(await running.ended, 0, running.output)

    @deferred
    async def test_second_signal(self):
        """A second signal ends the daemon at once, and calls are answered."""
        for second in (signal.SIGTERM, signal.SIGINT):
            running = self.live()
            (url,) = (await running.ready())["urls"]
            calling = self.list_campaigns(url, x_api_key=KEY)
            await self.upstream.asked.get()
            running.send(signal.SIGTERM)
            await running.said(b"draining")
            running.send(second)
            self.assertEqual(await running.ended, 0, running.output)
            result = (await calling)["result"]
            self.assertTrue(result["isError"])
            self.assertIn("safe to repeat", result["content"][0]["text"])


class ReloadTests(UpstreamTestCase):
    """SIGHUP reads keys again and opens the log file again; bad ones are not used."""

    @deferred
    async def test_key_file(self):
        """The next call uses the new key; a broken file leaves it in force."""
        path = self.folder / "key"
        path.write_text("first-key-0123456789", encoding="utf-8")
        path.chmod(0o600)
        running = self.live("--api-key-file", str(path))
        (url,) = (await running.ready())["urls"]
        self.assertEqual(await self.key_used(url), "Bearer first-key-0123456789")
        for text, said in (("second-key-0123456789", b"reloaded"), ("", b"failed;")):
            path.write_text(text, encoding="utf-8")
            running.send(signal.SIGHUP)
            await running.said(said)
            self.assertEqual(await self.key_used(url), "Bearer second-key-0123456789")
        self.assertIn(b"kept the old keys", running.output)
        self.assertEqual(running.output.count(b"reloaded"), 1)

    async def key_used(self, url: str) -> str:
        """Return what the upstream is sent as authorization."""
        calling = self.list_campaigns(url)
        key = answer(await self.upstream.asked.get())
        await calling
        return key

    @deferred
    async def test_log_file(self):
        """After a rotation lines go to a new file of the old name."""
        path = self.folder / "log"
        running = self.live("--log-file", str(path))
        (url,) = (await running.ready())["urls"]
        await self.until(partial(holds, path, b"listening on"))
        path.rename(self.folder / "log.1")
        running.send(signal.SIGHUP)
        await self.until(path.exists)
        await self.get(url.replace("/mcp", "/health"))
        await self.until(partial(holds, path, b"/health"))


class CanaryTests(UpstreamTestCase):
    """A key that was given to the daemon is sent only to the upstream."""

    @deferred
    async def test_no_sink_holds_a_key(self):
        """No key is written in any error, even at the most verbose level."""
        environ = {"INSTANTLY_API_KEY": "canary-operator-0123456789+/=="}
        secret = self.folder / "secret"
        secret.write_text("canary-secret-0123456789+/==", encoding="utf-8")
        secret.chmod(0o600)
        state = self.folder / "state"
        options = [
            "--log-level=debug",
            f"--server-secret-file={secret}",
            f"--state-dir={state}",
        ]
        for format in ("text", "json"):
            log = self.folder / f"log.{format}"
            running = self.live(
                *options, f"--log-format={format}", f"--log-file={log}", **environ
            )
            (url,) = (await running.ready())["urls"]
            ready = running.ready_file.read_bytes()
            await self.go_wrong(url)
            running.send(signal.SIGHUP)
            await self.until(partial(holds, log, b"reloaded"))
            running.send(signal.SIGTERM)
            self.assertEqual(await running.ended, 0, running.output)
            sinks = [running.output, ready, log.read_bytes()]
            sinks += [path.read_bytes() for path in state.iterdir()]
            for sink in sinks:
                self.assertNotIn(b"canary", sink)

    async def go_wrong(self, url: str) -> None:
        """Send keys in every place, wrong ones too, and let the upstream fail."""
        base = url.removesuffix("/mcp")
        bearer = {"Authorization": "Bearer canary-secret-0123456789+/=="}
        for method, target, headers in (
            (b"GET", f"{base}/nowhere/canary-path-key-1", {}),
            (b"GET", f"{base}/mcp/canary-path-key-2", {}),
            (b"POST", f"{base}/mcp/canary-path-key-3", {}),
            (b"POST", f"{base}/mcp?apiKey=canary-query-key", {}),
            (b"POST", f"{base}/messages?sessionId=canary-session-key", {}),
            (b"POST", url, {"x-api-key": "canary-header-key"}),
            (b"POST", url, {**bearer, "Mcp-Session-Id": "canary-session"}),
            (b"GET", f"{base}/.well-known/oauth-protected-resource/mcp/canary-k", {}),
        ):
            response = await self.request(method, target, headers)
            self.assertNotIn(b"canary", await readBody(response))
        for status, body in ((401, b"{}"), (500, b"<html>"), (200, b"canary")):
            calling = self.list_campaigns(url, **bearer)
            key = answer(await self.upstream.asked.get(), body, status)
            self.assertIn("canary-operator", key)
            self.assertTrue((await calling)["result"]["isError"])


class CheckTests(ProcessTestCase):
    """``check`` reports what ``run`` would do."""

    @deferred
    async def test_check(self):
        """It prints settings and warnings, and no secret; and it ends with 78."""
        key = self.folder / "key"
        key.write_text("canary-0123456789", encoding="utf-8")
        key.chmod(0o644)
        running = self.spawn(
            [*MODULE, "check", "--rate-limit=x", f"--api-key-file={key}"]
        )
        self.assertEqual(await running.ended, 78)
        text = running.output.decode()
        self.assertIn("api_key = set  (api_key_file from --api-key-file)", text)
        self.assertIn("IMCP-PERM", text)
        self.assertIn("IMCP-SETTING rate_limit (--rate-limit)", text)
        self.assertNotIn("canary", text)
        self.assertFalse(Path(running.ready_file).exists())
