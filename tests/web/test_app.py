"""Tests for the routes, over an in-memory connection."""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import Deferred, fail

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import dumps
from instantly_mcp.pipeline.exchange import Exchange, Route
from instantly_mcp.pipeline.mcp_path import read_path
from instantly_mcp.pipeline.replies.channel import Channel, Event
from instantly_mcp.pipeline.replies.reply import Answer, EventStream, Reply, json_answer
from instantly_mcp.web.http.request import status_line
from instantly_mcp.web.interfaces import Condition
from tests.support.cases import ClockedTestCase

from .site import (
    CANARY,
    FACTS,
    GOOD_ORIGIN,
    NOW,
    WELL,
    Connection,
    MemoryServer,
    request,
)

PROBES = ("/ping", "/health", "/healthz", "/ready", "/readyz", "/info")
DISCOVERY = tuple(
    f"/.well-known/{name}{rest}"
    for name in ("oauth-authorization-server", "oauth-protected-resource")
    for rest in ("", "/", "/mcp", f"/mcp/{CANARY}")
)
MCP = ("/mcp", "/mcp/KEY", "/sse", "/sse/KEY", "/messages")
EVERYWHERE = (*PROBES, *DISCOVERY, *MCP, "/register", "/authorize", "/nothing", "//mcp")


class AppTestCase(ClockedTestCase):
    def setUp(self) -> None:
        """Make a site with one connection."""
        super().setUp()
        self.server = MemoryServer(self.clock)
        self.client = self.connect(self.server)

    def connect(self, server: MemoryServer) -> Connection:
        """Open a connection that is closed at the end."""
        connection = server.connect()
        self.addCleanup(connection.hang_up)
        return connection


class ProbeTests(AppTestCase):
    def test_ping(self):
        """Ping answers with the time in milliseconds."""
        response = self.client.ask("GET", "/ping")
        expected = {
            "pong": True,
            "timestamp": int(NOW * 1000),
            "server": "instantly-mcp",
        }
        self.assertEqual((response.status, response.json()), (200, expected))

    def test_health(self):
        """Health shows the daemon's facts, on both of its paths."""
        for path in ("/health", "/healthz"):
            page = self.client.ask("GET", path).json()
            self.assertEqual(page["status"], "healthy")
            self.assertEqual((page["sessions"], page["streams"]), (3, 2))
            self.assertEqual(page["protocols"], list(FACTS.protocol_versions))
            self.assertEqual(page["timestamp"], "2027-01-15T08:00:00.250Z")
            self.assertEqual((page["version"], page["port"]), ("9.9.9", 3000))
            self.assertIn("mcp", page["endpoints"])

    def test_health_of_what_works_badly(self):
        """A degraded daemon is alive and ready, and lists what is degraded."""
        self.server.status.now = evolve(WELL, degraded={"upstream": "breaker open"})
        self.assertEqual(self.client.ask("GET", "/health").json()["status"], "degraded")
        response = self.client.ask("GET", "/ready")
        self.assertEqual(response.status, 200)
        self.assertEqual(response.json()["degraded"], {"upstream": "breaker open"})

    def test_ready(self):
        """Ready is 200, or 503 with the reason."""
        for ready, draining, status, word in (
            (True, False, 200, "ready"),
            (False, False, 503, "starting"),
            (False, True, 503, "draining"),
            (True, True, 503, "draining"),
        ):
            self.server.status.now = Condition(
                ready=ready, draining=draining, sessions=0, streams=0, degraded={}
            )
            for path in ("/ready", "/readyz"):
                response = self.client.ask("GET", path)
                self.assertEqual(response.status, status)
                self.assertEqual(response.json()["status"], word)

    def test_info(self):
        """Info is made of the facts alone."""
        page = self.client.ask("GET", "/info").json()
        self.assertEqual((page["tools"], page["version"]), (40, "9.9.9"))
        self.assertEqual(page["protocolVersions"], list(FACTS.protocol_versions))
        self.assertEqual(page["capabilities"], {"tools": {}})
        self.assertEqual(
            page["authentication"],
            {"type": "api_key", "methods": list(FACTS.authentication)},
        )

    def test_head(self):
        """HEAD has the headers of GET, and no body."""
        for path in PROBES:
            whole = self.client.ask("GET", path)
            bare = self.client.ask("HEAD", path)
            self.assertEqual(bare.status, whole.status)
            self.assertEqual(bare.headers, whole.headers)


class StatusLineTests(AppTestCase):
    def test_reasons(self):
        """A status that Twisted has no name for has one here."""
        self.client.send(request("GET", "/health", {"Host": "evil"}))
        line = self.client.output().partition(b"\r\n")[0]
        self.assertEqual(line, b"HTTP/1.1 421 Misdirected Request")
        self.assertEqual(status_line(429), b"429 Too Many Requests")
        self.assertEqual(status_line(599), b"599 Unknown")


class DiscoveryTests(AppTestCase):
    def test_no_oauth(self):
        """Discovery is 404 in JSON and names the API key: clients skip OAuth."""
        asked = [("GET", path) for path in (*DISCOVERY, "/authorize")]
        for method, path in [*asked, ("POST", "/register")]:
            response = self.client.ask(method, path)
            self.assertEqual(response.status, 404, path)
            page = response.json()
            self.assertEqual(page["authentication"]["type"], "api_key")
            self.assertEqual(set(page), {"error", "message", "authentication"})

    def test_on_request(self):
        """With the setting on, the documents exist; registration still does not."""
        client = self.connect(MemoryServer(self.clock, discovery_documents=True))
        for path in DISCOVERY:
            self.assertEqual(client.ask("GET", path).status, 200, path)
        page = client.ask("GET", DISCOVERY[0]).json()
        self.assertEqual(page["issuer"], "http://127.0.0.1:3000")
        self.assertEqual(client.ask("GET", "/authorize").status, 200)
        self.assertEqual(client.ask("POST", "/register").status, 404)


class RoutingTests(AppTestCase):
    def test_mcp_routes_reach_the_pipeline(self):
        """Every MCP route is an exchange; a trailing slash changes nothing."""
        for method, path in (
            ("POST", "/mcp"),
            ("POST", "/mcp/"),
            ("GET", "/mcp"),
            ("DELETE", "/mcp/KEY"),
            ("GET", "/sse"),
            ("GET", "/sse/KEY/"),
            ("POST", "/messages"),
            ("POST", "/messages/"),
        ):
            self.assertEqual(self.client.ask(method, path).status, 200, path)
        self.assertEqual(len(self.server.pipeline.exchanges), 8)

    def test_paths_that_select(self):
        """What a path selects reaches the pipeline; the log has a template of it."""
        key = "abc%2Fdefghijkl"
        for base, rest, template in (
            ("/mcp", "readonly", "/mcp/{selection}"),
            ("/mcp", f"draft/{key}/", "/mcp/{selection}/{key}"),
            ("/mcp", f"w/acme/x/leads,emails/readonly/{key}", "/mcp/{selection}/{key}"),
            ("/sse", "x/leads", "/sse/{selection}"),
            ("/sse", f"w/acme/{key}", "/sse/{selection}/{key}"),
            ("/sse", key, "/sse/{key}"),
        ):
            with self.subTest(base=base, rest=rest):
                self.client.ask("POST", f"{base}/{rest}")
                exchange = self.server.pipeline.exchanges[-1]
                self.assertEqual(exchange.path, read_path(rest))
                self.assertEqual(self.server.metrics.exchanges[-1][0], template)

    def test_paths_in_the_wrong_order(self):
        """A path whose parts are misplaced is 400 in JSON-RPC, and shows no key."""
        for path in (f"/mcp/{CANARY}/readonly", f"/sse/x/a/{CANARY}/draft", "/mcp/w"):
            response = self.client.ask("POST", path)
            self.assertEqual(response.status, 400)
            self.assertIn("order", response.json()["error"]["message"])
            self.assertNotIn(CANARY.encode(), response.body)
        for path in (
            f"/mcp/readonly/{CANARY}/b",
            "/mcp/readonly/ping",
            "/mcp//readonly",
        ):
            response = self.client.ask("POST", path)
            self.assertEqual(response.status, 404)
            self.assertNotIn(CANARY.encode(), response.body)
        self.assertEqual(self.server.pipeline.exchanges, [])

    def test_streamable_http_on_sse(self):
        """Requests on /sse that do not open a stream are served as on /mcp."""
        named = {"Mcp-Session-Id": "some-session"}
        for method, headers, route in (
            ("POST", {}, Route.MCP),
            ("DELETE", named, Route.MCP),
            ("GET", named, Route.MCP),
            ("GET", {}, Route.SSE),
            ("HEAD", {}, Route.SSE),
        ):
            for path in ("/sse", "/sse/", "/sse/KEY", "/sse/KEY/"):
                with self.subTest(method=method, path=path, headers=headers):
                    client = self.connect(self.server)
                    client.ask(method, path, headers=headers)
                    exchange = self.server.pipeline.exchanges[-1]
                    self.assertIs(exchange.route, route)
                    key = "KEY" if "KEY" in path else None
                    self.assertEqual(exchange.path_key, key)

    def test_prefix(self):
        """With the prefix of the public URL or without it, a path is the same."""
        server = MemoryServer(self.clock, prefix="/gw/x")
        for path, status in (
            ("/gw/x/health", 200),
            ("/health", 200),
            ("/gw/x/mcp/KEY", 200),
            ("/gw/xy/health", 404),
            ("/gw/x", 404),
            ("/gw/x/gw/x/health", 404),
        ):
            with self.subTest(path=path):
                self.assertEqual(self.connect(server).ask("GET", path).status, status)
        [exchange] = server.pipeline.exchanges
        self.assertEqual(exchange.path_key, "KEY")
        page = self.connect(server).ask("GET", "/health").json()
        self.assertEqual(page["endpoints"]["mcp"], "/gw/x/mcp")
        missing = self.connect(server).ask("GET", "/nothing").json()
        self.assertIn("GET /gw/x/health", missing["availableEndpoints"])

    def test_no_path_redirects(self):
        """Odd paths around a key are 404 in JSON: no redirect, no echo."""
        for path in (
            f"/mcp//{CANARY}",
            f"//mcp/{CANARY}",
            "//mcp/canarykey",
            "/mcp//canarykey",
            "//mcp",
            f"/MCP/{CANARY}",
            f"/mcp%2f{CANARY}",
            f"/./mcp/{CANARY}",
            f"/mcp/y/{CANARY}",
            f"/{CANARY}",
            f"/messages/{CANARY}",
            f"/ping/{CANARY}",
            "/",
            "//",
            "/%",
            "/%ff%fe",
        ):
            response = self.client.ask("POST", path)
            self.assertEqual(response.status, 404, path)
            self.assertIsNone(response.one("location"))
            self.assertNotIn(b"canary", response.body)
            self.assertIn(b"availableEndpoints", response.body)
            response.json()

    def test_wrong_methods(self):
        """A known path with a wrong method is 405 with Allow, in its route's form."""
        for method, path, allowed, rpc in (
            ("PUT", "/mcp", "DELETE, GET, HEAD, OPTIONS, POST", True),
            ("PUT", "/sse", "DELETE, GET, HEAD, OPTIONS, POST", True),
            ("GET", "/messages", "OPTIONS, POST", True),
            ("POST", "/ping", "GET, HEAD, OPTIONS", False),
            ("GET", "/register", "OPTIONS, POST", False),
        ):
            response = self.client.ask(method, path)
            self.assertEqual(response.status, 405, path)
            self.assertEqual(response.one("allow"), allowed)
            self.assertEqual("jsonrpc" in response.json(), rpc)

    def test_ids_of_what_no_route_takes(self):
        """A request that no route takes is refused under its id, where it shows one."""
        for method, path, status in (
            ("POST", "/mcp/a/b", 404),
            ("POST", "/messages/x", 404),
            ("PUT", "/sse", 405),
            ("PUT", "/mcp", 405),
            ("POST", "/mcp/%ff%fe", 400),
        ):
            for id in (0, "", "x", 7):
                body = dumps({"jsonrpc": "2.0", "id": id, "method": "ping"})
                answer = self.client.ask(method, path, body=body)
                self.assertEqual(answer.status, status, path)
                self.assertEqual(answer.json()["id"], id, path)
            for body in (b"", b"{", b"[]", b'{"id": null}', b'{"id": {}}'):
                answer = self.client.ask(method, path, body=body)
                self.assertNotIn("id", answer.json(), path)

    def test_paths_that_are_not_text(self):
        """A key that is not UTF-8 is 400 in JSON-RPC, without a traceback."""
        response = self.client.ask("POST", "/mcp/%ff%fe")
        self.assertEqual(response.status, 400)
        self.assertEqual(response.json()["error"]["code"], -32600)
        self.assertEqual(self.server.pipeline.exchanges, [])


class ReplyTests(AppTestCase):
    def test_headers_of_a_reply(self):
        """Status, headers and body of a reply arrive as they are."""
        self.server.pipeline.reply = json_answer(
            404, {"a": "é"}, [("Mcp-Session-Id", "s"), ("X", "a\r\nSet-Cookie: b")]
        )
        response = self.client.ask("POST", "/mcp")
        self.assertEqual((response.status, response.json()), (404, {"a": "é"}))
        self.assertEqual(response.one("mcp-session-id"), "s")
        self.assertIsNone(response.one("set-cookie"))

    def test_no_content(self):
        """202 and 204 have no body, and the connection goes on."""
        for status in (202, 204):
            self.server.pipeline.reply = Answer(status=status)
            response = self.client.ask("POST", "/mcp")
            self.assertEqual((response.status, response.body), (status, b""))

    def test_security_headers_everywhere(self):
        """Every answer of every route has the security headers, each once."""
        for path in EVERYWHERE:
            for method in ("GET", "POST", "PUT", "OPTIONS", "HEAD"):
                response = self.client.ask(method, path)
                self.assertEqual(response.one("cache-control"), "no-store")
                self.assertEqual(response.one("x-content-type-options"), "nosniff")
                self.assertEqual(response.one("x-frame-options"), "DENY")
                self.assertEqual(response.one("referrer-policy"), "no-referrer")
                policy = response.one("content-security-policy") or ""
                self.assertIn("default-src 'none'", policy)
                self.assertEqual(response.one("server"), "instantly-mcp")
                self.assertEqual(response.one("date"), "Fri, 15 Jan 2027 08:00:00 GMT")
                self.assertNotIn("text/html", response.one("content-type") or "")

    def test_a_stream(self):
        """Events travel in chunks; the end of the channel ends the response."""
        channel = Channel()
        self.server.pipeline.reply = EventStream(channel=channel)
        self.client.send(request("GET", "/mcp"))
        channel.send(Event(data=b"1", name="message"))
        self.assertIn(b"event: message\ndata: 1\n\n", self.client.pipe.value())
        self.server.streams.keep_alive()
        channel.close()
        (response,) = self.client.responses()
        self.assertEqual(response.one("content-type"), "text/event-stream")
        self.assertEqual(response.one("x-accel-buffering"), "no")
        self.assertEqual(response.body, b"event: message\ndata: 1\n\n: \n\n")
        self.assertEqual(self.client.ask("GET", "/ping").status, 200)

    def test_a_stream_over_http_1_0(self):
        """An old client has the stream until the connection ends."""
        channel = Channel()
        self.server.pipeline.reply = EventStream(channel=channel)
        self.client.send(b"GET /sse HTTP/1.0\r\n\r\n")
        channel.send(Event(data=b"1"))
        channel.close()
        output = self.client.output()
        self.assertTrue(output.endswith(b"\r\n\r\ndata: 1\n\n"), output)
        self.assertIn(b"Connection: close\r\n", output)
        self.assertTrue(self.client.closing)

    def test_a_disconnect_cancels_the_call(self):
        """A client that leaves cancels what the pipeline awaits; nothing is
        logged as an error.
        """
        cancelled: list[object] = []
        waiting: Deferred[Reply] = Deferred(cancelled.append)

        @deferred
        async def slow(exchange: Exchange) -> Reply:
            return await waiting

        self.server.pipeline.reply = slow
        client = self.server.connect()
        client.send(request("POST", "/mcp"))
        client.hang_up()
        self.assertEqual(cancelled, [waiting])
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_a_disconnect_abandons_the_stream(self):
        """A client that leaves its stream closes the channel at once."""
        channel = Channel()
        self.server.pipeline.reply = EventStream(channel=channel)
        client = self.server.connect()
        client.send(request("GET", "/mcp"))
        self.assertEqual(self.server.streams.count, 1)
        client.hang_up()
        self.assertFalse(channel.is_open)
        self.assertEqual(self.server.streams.count, 0)
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_a_reply_that_comes_too_late(self):
        """A reply for a client that has left is dropped, and its channel closed."""
        channel = Channel()
        late: Deferred[Reply] = Deferred(
            lambda d: d.callback(EventStream(channel=channel))
        )
        self.server.pipeline.reply = late
        client = self.server.connect()
        client.send(request("POST", "/mcp"))
        client.hang_up()
        self.assertFalse(channel.is_open)

    def test_bugs(self):
        """A bug is logged once, and answered in JSON with an incident id."""
        for path in ("/mcp", "/info"):
            self.server.pipeline.reply = lambda exchange: fail(RuntimeError("secret"))
            self.server.status.known = None  # type: ignore[assignment]
            response = self.client.ask("GET", path)
            self.assertEqual(response.status, 500)
            self.assertNotIn(b"secret", response.body)
            page = response.json()
            incident = page["error"]["data"] if path == "/mcp" else page
            self.assertTrue(incident["incident"])
            self.assertEqual(len(self.flushLoggedErrors()), 1)
        self.assertEqual(self.client.ask("GET", "/ping").status, 500)
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_the_id_of_a_bug(self):
        """The answer after a bug has the id of the request."""
        self.server.pipeline.reply = lambda exchange: fail(RuntimeError("secret"))
        response = self.client.ask("POST", "/mcp", body=b'{"id": 0}')
        self.assertEqual(response.json()["id"], 0)
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_a_bug_after_the_start(self):
        """A response that was begun and cannot be ended is aborted."""
        self.server.pipeline.reply = EventStream(channel=None)  # type: ignore[arg-type]
        self.client.send(request("GET", "/mcp"))
        self.assertTrue(self.client.pipe.aborted)
        self.assertEqual(len(self.flushLoggedErrors()), 1)
        self.assertEqual(self.server.streams.count, 0)


class OriginTests(AppTestCase):
    def test_every_other_route_is_guarded(self):
        """A foreign Origin is 403 in JSON on every route outside the pipeline,
        which has its own stage for it; and it is never reflected.
        """
        for origin in ("http://evil", "null", "http://127.0.0.1.evil", "file://"):
            for path in EVERYWHERE:
                if path in MCP:
                    continue
                for method in ("GET", "POST", "OPTIONS", "PUT"):
                    response = self.client.ask(method, path, {"Origin": origin})
                    self.assertEqual(response.status, 403, (method, path))
                    self.assertIn("error", response.json())
                    self.assertIsNone(response.one("access-control-allow-origin"))

    def test_host(self):
        """A foreign Host is 421 on every route outside the pipeline."""
        for path in (*PROBES, "/nothing"):
            self.assertEqual(self.client.ask("GET", path, {"Host": "evil"}).status, 421)

    def test_two_origins(self):
        """Of two origins neither is reflected, whichever of them is allowed."""
        for others in ((GOOD_ORIGIN, "http://evil"), ("http://evil", GOOD_ORIGIN)):
            lines = "".join(f"Origin: {origin}\r\n" for origin in others)
            head = f"GET /mcp HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n"
            self.client.send(head.encode("ascii"))
            (response,) = self.client.responses()
            self.assertIsNone(response.one("access-control-allow-origin"))
            self.assertEqual(response.one("vary"), "Origin")

    def test_cors(self):
        """An allowed origin is reflected, with Vary and without credentials."""
        for path in (*PROBES, "/mcp", "/nothing"):
            response = self.client.ask("GET", path, {"Origin": GOOD_ORIGIN})
            self.assertEqual(response.one("access-control-allow-origin"), GOOD_ORIGIN)
            self.assertEqual(response.one("vary"), "Origin")
            self.assertIsNone(response.one("access-control-allow-credentials"))
            self.assertEqual(
                response.one("access-control-expose-headers"),
                "Mcp-Session-Id, WWW-Authenticate, Retry-After, Mcp-Protocol-Version",
            )

    def test_foreign_origins_are_not_reflected(self):
        """The pipeline's answer to a foreign origin has no CORS headers."""
        response = self.client.ask("POST", "/mcp", {"Origin": "http://evil"})
        self.assertIsNone(response.one("access-control-allow-origin"))

    def test_preflight(self):
        """A preflight of an allowed origin is 204 and grants what is needed."""
        for path in ("/mcp", "/mcp/KEY", "/health", "*", "/nothing"):
            response = self.client.ask(
                "OPTIONS",
                path,
                {
                    "Origin": GOOD_ORIGIN,
                    "Access-Control-Request-Method": "DELETE",
                    "Access-Control-Request-Headers": "Mcp-Param-City, x-evil,"
                    " X-MCP-Toolsets, x-mcp-\xe9",
                },
            )
            self.assertEqual(response.status, 204)
            granted = (response.one("access-control-allow-headers") or "").split(", ")
            for name in (
                "Content-Type",
                "Last-Event-ID",
                "Mcp-Session-Id",
                "X-Requested-With",
            ):
                self.assertIn(name, granted)
            self.assertEqual(granted[-2:], ["Mcp-Param-City", "X-MCP-Toolsets"])
            methods = response.one("access-control-allow-methods")
            self.assertEqual(methods, "GET, POST, DELETE, OPTIONS")
            self.assertEqual(response.one("access-control-max-age"), "600")
            self.assertEqual(response.one("access-control-allow-origin"), GOOD_ORIGIN)

    def test_private_network(self):
        """A preflight for the private network is never granted."""
        headers = {"Access-Control-Request-Private-Network": "true"}
        for origin, status in ((GOOD_ORIGIN, 204), ("https://evil", 403)):
            response = self.client.ask("OPTIONS", "/mcp", {"Origin": origin, **headers})
            self.assertEqual(response.status, status)
            self.assertIsNone(response.one("access-control-allow-private-network"))

    def test_options_without_origin(self):
        """OPTIONS without Origin answers with the supported methods."""
        response = self.client.ask("OPTIONS", "*")
        self.assertEqual(response.status, 204)
        self.assertEqual(response.one("allow"), "GET, POST, DELETE, OPTIONS")
