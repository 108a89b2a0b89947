"""The defects of the server that this one replaces, as far as they concern HTTP.

Each test is named after the number under which the defect was found.
"""

from __future__ import annotations

from typing import cast

from twisted.internet.defer import Deferred, succeed
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher

from instantly_mcp.pipeline.exchange import Exchange
from instantly_mcp.pipeline.replies.reply import Reply, json_answer
from tests.support.cases import ClockedTestCase

from ..site import CANARY, GOOD_ORIGIN, MemoryServer, request


def collect(case: ClockedTestCase) -> list[LogEvent]:
    """Return the list of every log event from now to the end of the test."""
    events: list[LogEvent] = []
    observer = cast(ILogObserver, events.append)
    globalLogPublisher.addObserver(observer)
    case.addCleanup(globalLogPublisher.removeObserver, observer)
    return events


class DefectTests(ClockedTestCase):
    def setUp(self) -> None:
        """Make a site with one connection."""
        super().setUp()
        self.server = MemoryServer(self.clock)
        self.client = self.server.connect()
        self.addCleanup(self.client.hang_up)

    def test_answers_do_not_cross(self):
        """Two clients with equal ids, answered in reverse order, get their own."""
        waiting: list[tuple[Exchange, Deferred[Reply]]] = []

        def run(exchange: Exchange) -> Deferred[Reply]:
            waiting.append((exchange, Deferred()))
            return waiting[-1][1]

        self.server.pipeline.reply = run
        other = self.server.connect()
        self.addCleanup(other.hang_up)
        for client, body in ((self.client, b'{"id":1,"a":1}'), (other, b'{"id":1}')):
            client.send(request("POST", "/mcp", body=body))
        for exchange, reply in reversed(waiting):
            reply.callback(json_answer(200, len(exchange.body)))
        self.assertEqual(self.client.responses()[0].json(), 14)
        self.assertEqual(other.responses()[0].json(), 8)

    def test_counters_are_true(self):
        """Health shows the sessions and streams that there are, not zeros."""
        page = self.client.ask("GET", "/health").json()
        self.assertEqual((page["sessions"], page["streams"]), (3, 2))

    def test_logs_hold_no_secret(self):
        """Headers, bodies, arguments, path keys and queries are in no log line."""
        events = collect(self)
        secret = "MAILBOXPASSWORD"
        for path in (f"/mcp/{secret}", f"/mcp?apiKey={secret}", f"/{secret}"):
            self.client.ask(
                "POST", path, {"Authorization": secret, "X": secret}, secret.encode()
            )
        self.assertEqual(len(events), 3)
        for event in events:
            self.assertNotIn(secret, repr(event) + formatEvent(event))

    def test_cors(self):
        """No wildcard, no credentials; DELETE and Last-Event-ID are granted, and the
        session id is exposed; a foreign origin gets nothing.
        """
        good = {"Origin": GOOD_ORIGIN}
        preflight = self.client.ask("OPTIONS", "/mcp", good)
        self.assertEqual(preflight.one("access-control-allow-origin"), GOOD_ORIGIN)
        methods = preflight.one("access-control-allow-methods") or ""
        self.assertIn("DELETE", methods)
        names = preflight.one("access-control-allow-headers") or ""
        self.assertIn("Last-Event-ID", names)
        answer = self.client.ask("POST", "/mcp", good)
        exposed = answer.one("access-control-expose-headers") or ""
        self.assertIn("Mcp-Session-Id", exposed)
        evil = self.client.ask("OPTIONS", "/mcp", {"Origin": "https://evil"})
        self.assertEqual(evil.status, 403)
        for response in (preflight, answer, evil):
            self.assertIsNone(response.one("access-control-allow-credentials"))
        self.assertIsNone(evil.one("access-control-allow-origin"))

    def test_probes_are_not_limited(self):
        """Probes never reach the pipeline, where requests are counted."""
        for path in ("/health", "/ping", "/ready"):
            self.client.ask("GET", path)
        self.assertEqual(self.server.pipeline.exchanges, [])

    def test_no_page_echoes_a_key(self):
        """Whatever the method and the path, no answer repeats a key."""
        key = "0123456789ECHO"
        self.server.pipeline.reply = lambda exchange: succeed(json_answer(405, {}))
        for method in ("GET", "PUT", "OPTIONS", "DELETE", "BREW"):
            for path in (
                f"/mcp/{key}",
                f"/{key}",
                f"/ping/{key}",
                f"/mcp?apiKey={key}",
            ):
                headers = {"Authorization": f"Bearer {key}", "Referer": key}
                self.client.send(request(method, path, headers))
                self.assertNotIn(key.encode(), self.client.output())

    def test_discovery_claims_no_authorization_server(self):
        """Every discovery document is 404 in JSON, with and without a key behind."""
        for name in ("oauth-authorization-server", "oauth-protected-resource"):
            for rest in ("", "/mcp", f"/mcp/{CANARY}"):
                response = self.client.ask("GET", f"/.well-known/{name}{rest}")
                self.assertEqual(response.status, 404)
                self.assertNotIn("authorization_endpoint", response.json())
                self.assertNotIn(b"canary", response.body)

    def test_errors_are_never_pages(self):
        """What is too large, malformed or unknown is JSON, never HTML."""
        for data in (
            request("POST", "/mcp", {"Content-Length": "99999999"}),
            request("POST", "/mcp", {"Content-Encoding": "gzip"}),
            request("PUT", "/mcp"),
            request("GET", "/nothing"),
            b"nonsense\r\n\r\n",
        ):
            client = self.server.connect()
            client.send(data)
            (response,) = client.responses()
            self.assertGreaterEqual(response.status, 400)
            self.assertIn("error", response.json())
            client.hang_up()

    def test_a_silent_call_is_not_cut(self):
        """A call that sends nothing for two minutes is answered all the same."""
        answer: Deferred[Reply] = Deferred()
        self.server.pipeline.reply = answer
        self.client.send(request("POST", "/mcp"))
        self.clock.advance(130)
        self.assertFalse(self.client.closing)
        answer.callback(json_answer(200, "late"))
        self.assertEqual(self.client.responses()[0].json(), "late")
