"""Tests for the access log, and for what never gets into any log."""

from __future__ import annotations

from typing import cast

from attrs import evolve
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher

from instantly_mcp._credential import SHOWN_CHARACTERS, Credential, Secret
from instantly_mcp._rights import Rights
from instantly_mcp.pipeline.credential_errors import server_secret_missing
from instantly_mcp.pipeline.exchange import Exchange
from instantly_mcp.pipeline.replies.channel import Channel
from instantly_mcp.pipeline.replies.reply import EventStream, Reply, json_answer, refuse
from instantly_mcp.protocol.wire.errors import (
    invalid_request,
    session_not_found,
    unauthorized,
)
from instantly_mcp.protocol.wire.jsonrpc import Request
from instantly_mcp.web.http.access_log import CLIENT_LEFT_STATUS
from tests.support.cases import ClockedTestCase
from tests.support.exchanges import exchange

from ..site import Connection, MemoryServer, request

CANARY = "CANARYCANARYCANARY"
CREDENTIAL = Credential(secret=Secret(CANARY), source="path")


class AccessLogTests(ClockedTestCase):
    def setUp(self) -> None:
        """Collect every log event."""
        super().setUp()
        self.events: list[LogEvent] = []
        observer = cast(ILogObserver, self.events.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.server = MemoryServer(self.clock)

    def connect(self) -> Connection:
        """Open a connection that is closed at the end."""
        connection = self.server.connect()
        self.addCleanup(connection.hang_up)
        return connection

    def lines(self) -> list[str]:
        """Return the request lines so far, as text."""
        return [formatEvent(event) for event in self.events if "route" in event]

    def identify(self, exchange: Exchange) -> Deferred[Reply]:
        """Answer like a pipeline that authenticates the caller, in half a second."""
        known = evolve(exchange, credential=CREDENTIAL)
        self.server.access_log.identified(known)
        self.clock.advance(0.5)
        return succeed(json_answer(200, {}))

    def test_one_line_for_each_request(self):
        """The line has template, status, duration, principal digest and source."""
        self.server.pipeline.reply = self.identify
        self.connect().ask("POST", f"/mcp/{CANARY}")
        (event,) = [event for event in self.events if "route" in event]
        self.assertEqual(event["route"], "/mcp/{key}")
        self.assertEqual((event["status"], event["milliseconds"]), (200, 500.0))
        self.assertEqual(event["principal"], CREDENTIAL.principal[:SHOWN_CHARACTERS])
        self.assertEqual((event["source"], event["method"]), ("path", "POST"))
        self.assertEqual(self.server.metrics.exchanges, [("/mcp/{key}", 200, 0.5)])

    def test_client(self):
        """The line names the client, and shows no address unless that is enabled."""
        message = Request(1, "initialize", {"clientInfo": {"name": "a b"}})

        def decode(exchange: Exchange) -> Deferred[Reply]:
            self.server.access_log.decoded(evolve(exchange, message=message))
            return succeed(json_answer(200, {}))

        self.server.pipeline.reply = decode
        self.connect().ask("POST", "/mcp")
        self.assertIn("client=a_b exchange=", self.lines()[0])
        self.connect().ask("GET", "/ping")
        self.assertIn("client=- exchange=", self.lines()[1])
        for event in self.events:
            self.assertNotIn("address", event)
            self.assertNotIn("reason", event)

    def test_address(self):
        """With addresses each line has one: through a trusted proxy, if there is."""
        self.server = MemoryServer(self.clock, trusted_proxies=["10.0.0.1"])
        self.server.access_log.addresses = True
        headers = {"X-Forwarded-For": "192.0.2.7"}
        for host, address in (("10.0.0.1", "192.0.2.7"), ("10.0.0.2", "10.0.0.2")):
            client = self.server.connect(host)
            self.addCleanup(client.hang_up)
            for method, target in (("POST", "/mcp"), ("GET", "/ping"), ("GET", "/no")):
                client.ask(method, target, headers)
                self.assertIn(f" address={address}", self.lines()[-1])
            client.send(b"nonsense\r\n\r\n")
            self.assertIn("(refused) 400 0.0 ms", self.lines()[-1])
            self.assertIn(f" address={host}", self.lines()[-1])

    def test_token(self):
        """The line of a token's caller has the operator's name for it, in one word."""
        rights = Rights(token="tabcdefgh", token_name="Ada Lovelace")
        known = evolve(CREDENTIAL, principal="tabcdefgh", rights=rights)

        def identify(exchange: Exchange) -> Deferred[Reply]:
            self.server.access_log.identified(evolve(exchange, credential=known))
            return succeed(json_answer(200, {}))

        self.server.pipeline.reply = identify
        for addresses in (False, True):
            self.server.access_log.addresses = addresses
            self.connect().ask("POST", "/mcp")
            self.assertIn("principal=tabcdefgh source=path", self.lines()[-1])
            self.assertIn(" token=Ada_Lovelace", self.lines()[-1])
            self.assertEqual(" address=" in self.lines()[-1], addresses)

    def test_reason(self):
        """A refused key has its reason in the line, and is counted by it."""
        counted: list[tuple[int, str]] = []
        self.server.access_log.on_refused = lambda *refused: counted.append(refused)
        for error, reason in (
            (server_secret_missing(needs_key=False), "server_secret_missing"),
            (unauthorized("No", {"reason": "a sentence of its own"}), "other"),
            (session_not_found("Open one."), "session_not_found"),
        ):
            self.server.pipeline.reply = refuse(exchange(), error)
            self.connect().ask("POST", "/mcp")
            self.assertTrue(self.lines()[-1].endswith(f" reason={reason}"))
            self.assertEqual(counted[-1], (error.status, reason))
        self.server.pipeline.reply = refuse(exchange(), invalid_request("no"))
        self.connect().ask("POST", "/mcp")
        self.assertNotIn("reason", self.lines()[-1])
        self.assertEqual(len(counted), 3)

    def test_short_numbers(self):
        """Milliseconds have three digits behind the point: a log is read by people."""

        def wait(exchange: Exchange) -> Deferred[Reply]:
            self.clock.advance(1 / 3)
            return succeed(json_answer(200, {}))

        self.server.pipeline.reply = wait
        self.connect().ask("POST", "/mcp")
        (event,) = [event for event in self.events if "route" in event]
        self.assertEqual(event["milliseconds"], 333.333)

    def test_no_key_in_any_event(self):
        """Whatever a request carries and however it ends, no log event shows it."""
        self.server.pipeline.reply = self.identify
        headers = {
            "Authorization": f"Bearer {CANARY}",
            "Referer": f"http://h/mcp/{CANARY}",
            "User-Agent": CANARY,
            "X-Forwarded-For": CANARY,
        }
        client = self.connect()
        for target in (f"/mcp/{CANARY}", f"/mcp?apiKey={CANARY}", f"/{CANARY}"):
            client.ask("POST", target, headers, CANARY.encode())
            client.ask(CANARY, target, headers)
        self.server.pipeline.reply = lambda exchange: fail(ValueError("a bug"))
        client.ask("POST", f"/mcp/{CANARY}", headers, CANARY.encode())
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.refusals(headers)
        self.assertGreaterEqual(len(self.lines()), 10)
        for event in self.events:
            shown = repr(event) + formatEvent(event)
            if "log_failure" in event:
                shown += event["log_failure"].getTraceback(detail="verbose")
            self.assertNotIn(CANARY, shown)

    def refusals(self, headers: dict[str, str]) -> None:
        """Be refused early, and leave early, with a key in everything."""
        self.connect().send(f"GET /mcp/{CANARY}\r\n\r\n".encode())
        self.connect().send(
            request("POST", f"/mcp/{CANARY}", {**headers, "Content-Length": "99999999"})
        )
        self.server.pipeline.reply = EventStream(channel=Channel())
        leaver = self.server.connect()
        leaver.send(request("GET", f"/sse/{CANARY}", headers))
        leaver.hang_up()

    def test_refused_early(self):
        """A request refused before it is routed has its line, too."""
        self.connect().send(b"nonsense\r\n\r\n")
        self.assertEqual(len(self.lines()), 1)
        self.assertIn("(refused) 400", self.lines()[0])

    def test_left_early(self):
        """A client that leaves before the answer leaves one line, and no entry."""
        self.server.pipeline.reply = Deferred()
        client = self.server.connect()
        client.send(request("POST", "/mcp"))
        client.hang_up()
        self.assertEqual(
            self.server.metrics.exchanges, [("/mcp", CLIENT_LEFT_STATUS, 0.0)]
        )
        late = self.server.pipeline.exchanges[0]
        self.server.access_log.identified(evolve(late, credential=CREDENTIAL))
        self.assertEqual(len(self.lines()), 1)

    def test_a_stream_that_is_left(self):
        """A stream that its client leaves ends with the status it began with."""
        self.server.pipeline.reply = EventStream(channel=Channel())
        client = self.server.connect()
        client.send(request("GET", "/sse"))
        self.clock.advance(60)
        client.hang_up()
        self.assertEqual(self.server.metrics.exchanges, [("/sse", 200, 60.0)])

    def test_anonymous(self):
        """A caller without a credential is called anonymous."""
        self.connect().ask("POST", "/mcp")
        self.assertIn("principal=anonymous source=-", self.lines()[0])

    def test_switched_off(self):
        """Without lines the metrics are updated all the same."""
        self.server.access_log.enabled = False
        self.connect().ask("GET", "/ping")
        self.assertEqual(self.lines(), [])
        self.assertEqual(self.server.metrics.exchanges, [("/ping", 200, 0.0)])

    def test_found(self):
        """The source of each credential is reported."""
        found: list[str] = []
        self.server.access_log.on_credential = found.append
        self.server.pipeline.reply = self.identify
        self.connect().ask("POST", "/mcp")
        self.assertEqual(found, ["path"])
