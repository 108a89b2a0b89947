"""nginx with the configuration of the manual, in front of a real daemon."""

from __future__ import annotations

import contextlib
import json
import re
import signal
from typing import Any

from twisted.internet import reactor
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.utils import getProcessOutput
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._deferred import deferred
from tests.daemon.processes import ANY_PORT, MODULE, Running, in_checkout
from tests.support.programs import CURL_HTTP2, requires
from tests.test_documents import OPERATIONS, text_of

from .nginx import NAME, SHIPPED, NginxTestCase, routes
from .sockets import Closed, Connection, Reply, request

KEY = "inst_CANARYkey0123456789"
TOO_LONG = "/" + "x" * 9000 + KEY
TYPES = {"Content-Type": "application/json", "Host": NAME}

ODD_TARGETS = (
    f"/mcp/{KEY}",
    f"//mcp/{KEY}",
    f"///mcp//{KEY}",
    f"/./mcp/{KEY}",
    f"/x/../mcp/{KEY}",
    f"/MCP/{KEY}",
    f"/mcp/{KEY}/",
    f"/mcp/readonly/{KEY}",
    f"/mcp/w/acme/x/leads/draft/{KEY}/",
    f"/mcp/x/{KEY}/readonly",
    f"/sse/w/{KEY}",
    f"/mcp/{KEY}/sse",
    f"/mcp/mcp/{KEY}",
    f"/sse/{KEY}",
    f"//sse/{KEY}",
    f"/%6dcp/{KEY}",
    f"/mcp%2f{KEY}",
    f"/%2fmcp%2f{KEY}",
    f"/mcp%252f{KEY}",
    f"/mcp;{KEY}",
    f"/mcp\\{KEY}",
    f"/{KEY}",
    f"/.well-known/oauth-protected-resource/mcp/{KEY}",
    f"//.well-known/oauth-authorization-server/mcp/{KEY}",
    f"/.well-known/{KEY}",
    f"/mcp?apiKey={KEY}",
    f"/sse?api_key={KEY}",
    f"/messages?sessionId={KEY}",
    f"/ping?{KEY}",
    f"/?{KEY}",
    f"/health/{KEY}",
    f"/sandbox?key={KEY}",
    f"http://{NAME}/mcp/{KEY}",
    f"https://{NAME}//mcp/{KEY}",
    f"http://other.example/{KEY}",
)

UNREADABLE = (
    f"GET {TOO_LONG} HTTP/1.1\r\nHost: {NAME}\r\n\r\n",
    f"GET /mcp/{KEY}\r\n\r\n",
    f"GET /mcp/{KEY} HTTP/9.9\r\nHost: {NAME}\r\n\r\n",
    f"GET /mcp/{KEY} junk HTTP/1.1\r\nHost: {NAME}\r\n\r\n",
    f"GET /mcp/{KEY}\0 HTTP/1.1\r\nHost: {NAME}\r\n\r\n",
    f"GET /mcp/{KEY}%zz HTTP/1.1\r\nHost: {NAME}\r\n\r\n",
    f"GET /../{KEY} HTTP/1.1\r\nHost: {NAME}\r\n\r\n",
    f"GET /mcp/{KEY} HTTP/1.1\r\n\r\n",
    f"GET /mcp/{KEY} HTTP/1.1\r\nHost: a b\r\n\r\n",
    f"GET /mcp/{KEY} HTTP/1.1\r\nHost: {KEY}.example\r\n\r\n",
    f"GET /mcp/{KEY} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    f"GET /mcp/{KEY} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: x\r\n\r\n",
    f"GET /mcp/{KEY} HTTP/1.1\r\nHost: {NAME}\r\nX: {'y' * 40000}\r\n\r\n",
    f"GET /mcp HTTP/1.1\r\nHost: {NAME}\r\n{KEY}\r\n\r\n",
    f"{KEY.upper()} / HTTP/1.1\r\nHost: {NAME}\r\n\r\n",
    f"{KEY} / HTTP/1.1\r\nHost: {NAME}\r\n\r\n",
    f"{KEY.upper().replace('_', '-')} /mcp HTTP/1.1\r\nHost: {NAME}\r\n\r\n",
    f"TRACE /mcp/{KEY} HTTP/1.1\r\nHost: {NAME}\r\n\r\n",
    f"CONNECT {KEY}:443 HTTP/1.1\r\nHost: {NAME}\r\n\r\n",
    f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{KEY}",
    f"{KEY}\r\n\r\n",
)


def message(method: str, params: Any = None) -> bytes:
    """Return the body of a JSON-RPC request."""
    whole = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
    return json.dumps(whole).encode()


INITIALIZE = message(
    "initialize",
    {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
)


class DocumentTests(SynchronousTestCase):
    """What the manual shows is what the tests run."""

    def test_shown(self):
        """The nginx block of the manual is the file that is shipped."""
        (block,) = re.findall(r"```nginx\n(.*?)```", text_of(OPERATIONS), re.DOTALL)
        self.assertEqual(block, text_of(SHIPPED))


class MaskTests(NginxTestCase):
    """No log of nginx holds a key, wherever a client put it."""

    async def start(self) -> None:
        """Start a daemon, and nginx in front of it."""
        self.daemon = self.spawn([*MODULE, "run", "--sandbox", "--rate-limit", "0"])
        (url,) = (await self.daemon.ready())["urls"]
        await self.start_nginx(url.removesuffix("/mcp"))

    async def send_raw(self, raw: str, connection: Connection) -> None:
        """Send bytes; wait for the first of the answer, or the end."""
        connection.write(raw.encode("latin-1"))
        with contextlib.suppress(Closed):
            await connection.exactly(1)
        connection.drop()

    async def last_line(self) -> None:
        """Send one more request, and wait until nginx has logged it."""
        connection = await self.open_tls()
        await connection.send(request("OPTIONS", "/ping", {"Host": NAME}))
        connection.drop()
        await self.until(lambda: " OPTIONS /ping " in self.logs()["mcp.log"])

    def assert_masked(self) -> None:
        """Check every log that nginx wrote."""
        for name, text in self.logs().items():
            for line in text.splitlines():
                self.assertNotIn("canary", line.lower(), name)
        self.assertEqual(self.logs()["main-access.log"], "")

    @deferred
    async def test_odd_targets(self):
        """nginx does not log a key in any path or query."""
        await self.start()
        for target in ODD_TARGETS:
            for method in ("GET", "POST"):
                headers = {"Host": NAME, "Referer": f"https://{NAME}/{KEY}"}
                head = request(method, target, headers, b"{}")
                await self.send_raw(head.decode(), await self.open_tls())
        await self.until(lambda: len(self.logged_lines()) >= 2 * len(ODD_TARGETS))
        self.assert_masked()
        lines = self.logged_lines()
        self.assertIn("/mcp/-", routes(lines))
        self.assertIn("/.well-known/-", routes(lines))
        self.assertNotIn("?", routes(lines))

    @deferred
    async def test_no_redirect(self):
        """nginx does not redirect: the Location header would contain the key."""
        await self.start()
        for target in ODD_TARGETS:
            connection = await self.open_tls()
            head = await connection.send(request("GET", target, {"Host": NAME}))
            self.assertNotIn("location", head.headers, target)
            self.assertFalse(300 <= head.status < 400, target)
            connection.drop()

    @deferred
    async def test_requests_that_nginx_cannot_read(self):
        """nginx does not log a key in a request that is malformed, too long, for
        another host, or sent without TLS.
        """
        await self.start()
        for raw in UNREADABLE:
            await self.send_raw(raw, await self.open_tls())
            await self.send_raw(raw, await self.open_plain(self.tls_port))
            await self.send_raw(raw, await self.open_plain(self.plain_port))
        # A handshake that fails.
        tls = await self.open_plain(self.tls_port)
        tls.write(b"\x16\x03\x01\x00\xff" + KEY.encode() * 20)
        await tls.ended()
        await self.last_line()
        self.assert_masked()

    @deferred
    async def test_daemon_that_does_not_answer(self):
        """nginx does not log a key when the daemon is down, refuses access, or closes
        the connection: for these errors nginx logs the whole request line.
        """
        missing = f"http://unix:{in_checkout(self.folder)}/no-such-socket"
        await self.start_nginx(missing)
        for target in ODD_TARGETS[:4]:
            connection = await self.open_tls()
            await self.send_raw(request("POST", target, TYPES).decode(), connection)
        await self.last_line()
        self.assert_masked()
        self.assertIn("/mcp/-", routes(self.logged_lines()))

    @requires(CURL_HTTP2)
    @deferred
    async def test_http2(self):
        """nginx does not log a key over HTTP/2 either."""
        self.daemon = self.spawn([*MODULE, "run", "--sandbox", "--rate-limit", "0"])
        (url,) = (await self.daemon.ready())["urls"]
        await self.start_nginx(url.removesuffix("/mcp"), http2=True)
        resolve = f"{NAME}:{self.tls_port}:127.0.0.1"
        targets = [target for target in ODD_TARGETS if target[0] == "/"]
        for target in (*targets, TOO_LONG):
            said = await getProcessOutput(
                CURL_HTTP2.path,
                [
                    *("-s", "--http2", "--path-as-is", "-o", "/dev/null"),
                    *("--cacert", str(self.folder / "fullchain.pem")),
                    *("--resolve", resolve, "-w", "%{http_version}"),
                    f"https://{NAME}:{self.tls_port}{target}",
                ],
            )
            self.assertEqual(said, b"2", target)
        await self.last_line()
        self.assert_masked()


class ProxyTests(NginxTestCase):
    """Clients behind nginx are served like direct clients."""

    async def start(self, *options: str, port: int = 0) -> Running:
        """Start a daemon with the settings that the manual shows for nginx."""
        daemon = self.spawn(
            [
                *(*MODULE, "run", "--sandbox", "--listen"),
                f"tcp:{port}:interface=127.0.0.1",
                *("--public-url", f"https://{NAME}"),
                *("--trusted-proxy", "127.0.0.1", *options),
            ]
        )
        (url,) = (await daemon.ready())["urls"]
        self.upstream = url.removesuffix("/mcp")
        return daemon

    async def post(
        self, body: bytes, *, address: str = "127.0.0.1", **headers: str
    ) -> Reply:
        """POST to the endpoint on a connection of its own."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = await self.open_tls(address=address)
        reply = await connection.ask(request("POST", "/mcp", {**TYPES, **named}, body))
        connection.drop()
        return reply

    @deferred
    async def test_pages(self):
        """Through nginx ``/connect`` shows the public address, and ``/status`` nothing;
        on the machine of the daemon ``/status`` shows the report.
        """
        await self.start()
        await self.start_nginx(self.upstream)
        found = {}
        for path in ("/connect", "/connect/check", "/status", "/favicon.ico"):
            connection = await self.open_tls()
            headers = {"Host": NAME, "Accept": "text/html"}
            found[path] = await connection.ask(request("GET", path, headers))
            connection.drop()
        self.assertEqual([each.status for each in found.values()], [200, 200, 403, 200])
        self.assertIn(f"https://{NAME}/mcp".encode(), found["/connect"].body)
        self.assertNotIn(self.upstream.encode(), found["/connect"].body)
        self.assertNotIn(b"Circuit breaker", found["/status"].body)
        local = json.loads(await self.get(f"{self.upstream}/status"))
        self.assertEqual(local["verdict"], "well")
        await self.until(lambda: len(self.logged_lines()) == len(found))
        self.assertEqual(routes(self.logged_lines()), list(found))

    @deferred
    async def test_streams_are_not_buffered(self):
        """An event arrives while its stream stays open."""
        await self.start()
        await self.start_nginx(self.upstream)
        connection = await self.open_tls()
        head = await connection.send(request("GET", "/sse", {"Host": NAME}))
        self.assertTrue(head.streams)
        events = connection.events()
        endpoint = await anext(events)
        self.assertEqual(endpoint.name, "endpoint")
        other = await self.open_tls()
        posted = await other.ask(request("POST", endpoint.data, TYPES, INITIALIZE))
        self.assertEqual(posted.status, 202)
        answer = await anext(events)
        self.assertIn("protocolVersion", json.loads(answer.data)["result"])
        self.assertFalse(connection.over)
        connection.drop()
        other.drop()

    @deferred
    async def test_large_bodies(self):
        """The daemon refuses a body over the limit in JSON, with Content-Length and
        chunked; a smaller one is accepted.
        """
        await self.start()
        await self.start_nginx(self.upstream)
        chunked = {**TYPES, "Transfer-Encoding": "chunked"}
        for size in (11 << 20, 40 << 20):
            body = b" " * size
            in_chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)
            for headers, sent in ((TYPES, body), (chunked, in_chunks)):
                connection = await self.open_tls()
                reply = await connection.ask(request("POST", "/mcp", headers, sent))
                self.assertEqual(reply.status, 413)
                self.assertIn("larger than 10485760 bytes", reply.error["message"])
                connection.drop()
        padded = message("ping") + b" " * (9 << 20)
        self.assertEqual((await self.post(padded)).json["result"], {})

    @deferred
    async def test_restart(self):
        """While the daemon is down, clients get an error in JSON; afterwards they
        continue in their sessions.
        """
        daemon = await self.start()
        port = int(self.upstream.rpartition(":")[2])
        await self.start_nginx(self.upstream)
        opened = await self.post(INITIALIZE)
        session = {
            "Mcp-Session-Id": opened.head.headers["mcp-session-id"],
            "MCP-Protocol-Version": "2025-06-18",
        }
        stream = await self.open_tls()
        await stream.send(request("GET", "/sse", {"Host": NAME}))
        daemon.send(signal.SIGTERM)
        with contextlib.suppress(StopAsyncIteration):
            events = stream.events()
            while True:
                await anext(events)
        self.assertEqual(await daemon.ended, 0)
        down = await self.post(message("tools/list"), **session)
        self.assertEqual(down.status, 502)
        self.assertEqual(down.head.headers["content-type"], "application/json")
        self.assertEqual(down.head.headers["retry-after"], "2")
        self.assertIn("was not sent", down.error["message"])
        await self.start(port=port)
        back = await self.post(message("tools/list"), **session)
        self.assertIn("list_campaigns", back.body.decode())
        stream.drop()

    @deferred
    async def test_rate_limit(self):
        """The rate limit counts each client behind nginx separately, and ignores an
        address that a client claims.
        """
        await self.start("--rate-limit", "3")
        await self.start_nginx(self.upstream)
        ping = message("ping")
        for turn in range(5):
            forged = {"X-Forwarded-For": f"192.0.2.{turn}"}
            reply = await self.post(ping, address="127.0.0.2", **forged)
            self.assertEqual(reply.status, 200 if turn < 3 else 429)
        self.assertEqual((await self.post(ping, address="127.0.0.3")).status, 200)

    @deferred
    async def test_a_call_is_sent_once(self):
        """nginx does not repeat a POST whose answer was lost, and its error does not
        suggest that the client should.
        """
        lossy = Lossy()
        port: Any = await serverFromString(reactor, ANY_PORT).listen(lossy)
        self.addCleanup(port.stopListening)
        await self.start_nginx(f"http://127.0.0.1:{port.getHost().port}")
        reply = await self.post(message("tools/call", {"name": "x"}))
        self.assertEqual(reply.status, 502)
        self.assertNotIn("retry-after", reply.head.headers)
        self.assertIn("may have been carried out", reply.error["message"])
        self.assertEqual(lossy.received.count(b"tools/call"), 1)
        self.assertEqual(lossy.received.count(b"POST /mcp"), 1)

    @deferred
    async def test_documented_settings(self):
        """The settings that the manual shows beside the block: callers present the
        server secret through nginx, and are refused in JSON without it.
        """
        shown = text_of(OPERATIONS).partition("## nginx")[2]
        toml = re.findall(r"```toml\n(.*?)```", shown, re.DOTALL)[0]
        config = self.folder / "config.toml"
        toml = toml.replace("tcp:3000:", "tcp:0:")
        toml = toml.replace("/etc/instantly-mcp/", f"{self.folder}/")
        config.write_text(toml, encoding="utf-8")
        for name in ("api-key", "server-secret"):
            (self.folder / name).write_text(f"{name}-0123456789\n", encoding="utf-8")
            (self.folder / name).chmod(0o600)
        daemon = self.spawn(
            [*MODULE, "run", "--sandbox", "--config", str(config)],
            environ={"INSTANTLY_MCP_LISTEN": ""},
        )
        record = await daemon.ready()
        await self.start_nginx(record["urls"][0].removesuffix("/mcp"))
        ping = message("ping")
        self.assertEqual((await self.post(ping)).status, 401)
        shown_secret = {"Authorization": "Bearer server-secret-0123456789"}
        self.assertEqual((await self.post(ping, **shown_secret)).json["result"], {})
        connection = await self.open_tls()
        asked = {"Host": NAME, "Accept": "text/html"}
        page = await connection.ask(request("GET", "/", asked))
        self.assertEqual(page.head.headers["content-type"], "text/html; charset=utf-8")
        self.assertNotIn(b"/mcp", page.body)
        connection.drop()


class Lossy(Factory):
    """A server that reads a request and cuts the connection."""

    def __init__(self) -> None:
        self.received = b""

    def buildProtocol(self, addr: object) -> Protocol:
        """Return a protocol that reads until it has seen a call."""
        factory = self

        class Cut(Protocol):
            def dataReceived(self, data: bytes) -> None:
                factory.received += data
                if b"tools/call" in data:
                    self.transport.abortConnection()  # type: ignore[union-attr]

        return Cut()
