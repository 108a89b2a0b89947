"""The relay on real sockets: certificates, redirects, other servers, large answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import PrivateCertificate
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from instantly_mcp._credential import Secret
from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import Json, dumps, loads
from instantly_mcp.bridge.build import make_bridge
from instantly_mcp.bridge.target import BridgeTarget, IRelay
from instantly_mcp.transports.stdio_lines import ILineSink
from tests.support.certificates import Issued, issue
from tests.support.upstream import Scripted, ScriptedUpstream, json

from .scripted import AGREED, INITIALIZE, ask, result_of, tool

reactor: Any = real_reactor

TOKEN = "imt_canary-on-the-wire"
AUTHORITY = "Acme CA"


@implementer(ILineSink)
class Answers:
    """What the client receives; a test waits for each message."""

    def __init__(self) -> None:
        self._messages: list[Json] = []
        self._waiting: list[Deferred[Json]] = []

    def write_line(self, message: bytes) -> None:
        """Take a message."""
        if self._waiting:
            self._waiting.pop(0).callback(loads(message))
        else:
            self._messages.append(loads(message))

    def next(self) -> Deferred[Json]:
        """Fire with the next message."""
        waiting: Deferred[Json] = Deferred()
        if self._messages:
            waiting.callback(self._messages.pop(0))
        else:
            self._waiting.append(waiting)
        return waiting


class WireTestCase(TestCase):
    """A relay in this process, and a scripted server on a port."""

    def setUp(self) -> None:
        """Start the server."""
        self.reports: list[str] = []
        self.answers = Answers()
        self.server = ScriptedUpstream()

    def listen(self, shown: Issued | None = None) -> str:
        """Listen, with TLS if there is a certificate; return the URL."""
        options = None
        if shown is not None:
            pem = shown.key_pem + shown.pem
            options = PrivateCertificate.loadPEM(pem).options()
        self.server.listen(reactor, tls=options)
        self.addCleanup(deferred(self.server.close))
        return self.server.url

    def relay(self, url: str, trusted: Issued | None = None) -> IRelay:
        """Return a relay to a URL that trusts a certificate."""
        ca_file = None
        if trusted is not None:
            ca_file = Path(self.mktemp())
            ca_file.write_bytes(trusted.pem)
        target = BridgeTarget(url=url, token=Secret(TOKEN), ca_file=ca_file)
        relay = make_bridge(target, reactor, self.answers, self.reports.append)
        self.addCleanup(self.end, relay)
        return relay

    async def end_now(self, relay: IRelay) -> None:
        """End the client's input."""
        await relay.ended()
        for line in self.reports:
            self.assertNotIn(TOKEN, line)

    def end(self, relay: IRelay) -> Deferred[None]:
        """End the client's input."""
        return Deferred.fromCoroutine(self.end_now(relay))

    async def problem(self, url: str, trusted: Issued | None = None) -> str:
        """Return what a client of a relay to this URL reads."""
        self.relay(url, trusted).received(dumps(INITIALIZE))
        opening = await self.answers.next()
        text: str = opening["result"]["instructions"]
        self.assertEqual(self.reports, [text])
        return text


class Plain(Protocol):
    """A web server without TLS, which refuses what it cannot read."""

    def dataReceived(self, data: bytes) -> None:
        """Refuse it, and close."""
        transport: Any = self.transport
        transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        transport.loseConnection()


class CertificateTests(WireTestCase):
    @deferred
    async def test_private_authority(self) -> None:
        """A server with a certificate of the company's own authority is served."""
        authority = issue(AUTHORITY)
        url = self.listen(issue(by=authority, ca=False))
        self.server.script.append(json(result_of("init", **AGREED)))
        self.relay(url, authority).received(dumps(INITIALIZE))
        self.assertEqual(await self.answers.next(), result_of("init", **AGREED))
        [seen] = self.server.requests
        bearer = seen.headers.getRawHeaders("authorization")
        self.assertEqual(bearer, [f"Bearer {TOKEN}"])

    async def refusal(self, shown: Issued, trusted: Issued | None = None) -> str:
        """Return what is said of a certificate; nothing was sent."""
        text = await self.problem(self.listen(shown), trusted)
        self.assertEqual(self.server.requests, [])
        return text

    @deferred
    async def test_unknown_authority(self) -> None:
        """The name of the authority is said, and who has its file."""
        shown = issue(by=issue(AUTHORITY), ca=False)
        self.assertEqual(
            await self.refusal(shown),
            "The server's certificate isn't trusted by this computer (issuer: Acme "
            "CA). Ask IT for the CA file and set it in --ca-file.",
        )

    @deferred
    async def test_wrong_authority(self) -> None:
        """A CA file of another authority does not help."""
        shown = issue(by=issue(AUTHORITY), ca=False)
        self.assertIn("issuer: Acme CA", await self.refusal(shown, issue("Other CA")))

    @deferred
    async def test_self_signed(self) -> None:
        """A self-signed certificate is named as such."""
        shown = issue("box\x1b[2J")
        self.assertIn("(self-signed: box[U+001B][2J)", await self.refusal(shown))

    @deferred
    async def test_expired(self) -> None:
        """An expired certificate is said to be expired, and since when."""
        authority = issue(AUTHORITY)
        shown = issue(by=authority, ca=False, days=-1)
        text = await self.refusal(shown, authority)
        ended = f"{shown.public.not_valid_after_utc:%Y-%m-%d}"
        self.assertIn(f"expired on {ended}. The admin of that server", text)

    @deferred
    async def test_other_host(self) -> None:
        """A certificate for another host is said to be one, with its names."""
        authority = issue(AUTHORITY)
        shown = issue(by=authority, ca=False, hosts=["mcp.acme.example"])
        text = await self.refusal(shown, authority)
        self.assertIn("of another host. It is for mcp.acme.example.", text)

    @deferred
    async def test_no_tls(self) -> None:
        """https:// to a port without TLS says so."""
        port = reactor.listenTCP(0, Factory.forProtocol(Plain), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        text = await self.problem(f"https://127.0.0.1:{port.getHost().port}")
        self.assertIn("does not use TLS", text)

    @deferred
    async def test_only_tls(self) -> None:
        """http:// to a port with TLS says so, or that the connection was closed."""
        url = self.listen(issue()).replace("https:", "http:")
        text = await self.problem(url)
        self.assertRegex(text, "plain HTTP|connection was closed")
        self.assertEqual(self.server.requests, [])


class OtherServerTests(WireTestCase):
    @deferred
    async def test_refused(self) -> None:
        """A port on which nothing listens."""
        url = self.listen()
        await self.server.close()
        self.assertIn("(connection refused)", await self.problem(url))

    @deferred
    async def test_page(self) -> None:
        """The page of another server."""
        page = Scripted(
            body=b"<html>Hi</html>", headers=[("Content-Type", "text/html")]
        )
        url = self.listen()
        self.server.script.append(page)
        self.assertIn("not as an MCP server (200, text/html)", await self.problem(url))

    @deferred
    async def test_redirect(self) -> None:
        """A redirect to another origin is not followed: it would get the token."""
        other = ScriptedUpstream()
        other.listen(reactor)
        self.addCleanup(deferred(other.close))
        url = self.listen()
        for status in (307, 307, 302, 308):
            self.server.script.append(json({}, status, Location=f"{other.url}/mcp"))
        text = await self.problem(url)
        self.assertIn("I do not send your token there", text)
        self.assertEqual(other.requests, [])

    @deferred
    async def test_large_answer(self) -> None:
        """An answer beyond the limit is not kept; the client gets an error."""
        url = self.listen()
        self.server.script.append(json(result_of("init", **AGREED)))
        relay = self.relay(url)
        relay.received(dumps(INITIALIZE))
        await self.answers.next()
        self.server.script.append(Scripted(body=b" " * (17 << 20)))
        relay.received(dumps(tool(1, "send_mail")))
        answer = await self.answers.next()
        self.assertIn("too large", answer["result"]["content"][0]["text"])

    @deferred
    async def test_session_id_with_line_break(self) -> None:
        """A hostile session id cannot add a header to the next request."""
        url = self.listen()
        self.server.script.append(
            json(result_of("init", **AGREED), Mcp_Session_Id="a\tX-Evil: 1\x7f")
        )
        relay = self.relay(url)
        relay.received(dumps(INITIALIZE))
        await self.answers.next()
        self.server.script.append(json(result_of(1)))
        relay.received(dumps(ask(1, "ping")))
        await self.answers.next()
        self.assertFalse(self.server.requests[1].headers.hasHeader("mcp-session-id"))
