"""What the program of the bundle says when the daemon cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet import reactor
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.ssl import PrivateCertificate

from instantly_mcp._deferred import deferred
from tests.support.certificates import issue
from tests.support.programs import requires

from .cases import TOKEN, RelayTestCase
from .installed import NODE_NEEDED
from .relay_process import RelayProcess, text_of
from .scripted_daemon import page, refuse, reply, result
from .test_relay import SAID, TOOLS

TOOL = "connection_problem"


class PlainProtocol(Protocol):
    """A server that answers everything in plain HTTP, as this project's daemon does."""

    def dataReceived(self, data: bytes) -> None:
        """Answer."""
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")  # type: ignore[union-attr]


@requires(NODE_NEEDED)
class ProblemTests(RelayTestCase):
    """There is always a server, whose one tool says what is wrong."""

    async def problem(self, relay: RelayProcess) -> str:
        """Connect; return what the only tool says."""
        await relay.connect()
        self.assertEqual(await relay.tools(), [TOOL])
        said = await relay.call(TOOL)
        self.assertFalse(said["isError"])
        return text_of(said)

    @deferred
    async def test_refused_connection(self):
        """No server listens: other tools fail with the same words."""
        url = self.listen()
        await self.daemon.port.stopListening()
        relay = self.relay(url)
        origin = url.removesuffix("/mcp")
        text = await self.problem(relay)
        self.assertIn(f"I can't reach {origin} (connection refused).", text)
        self.assertIn("Start the server on this computer", text)
        failed = await relay.call("list_campaigns")
        self.assertEqual((failed["isError"], text_of(failed)), (True, text))
        self.assertEqual(relay.errors.decode(), f"instantly-mcp: {text}\n")
        prompts = await relay.ask("prompts/list")
        self.assertEqual(prompts["result"], {"prompts": []})
        unknown = await relay.ask("resources/read", uri="x:y")
        self.assertEqual(unknown["error"]["message"], text)

    @deferred
    async def test_unknown_name(self):
        """The name of the server does not exist."""
        text = await self.problem(self.relay("https://mcp.invalid/x/mcp"))
        self.assertIn("I can't reach https://mcp.invalid (the name cannot", text)

    @deferred
    async def test_revoked_token(self):
        """The daemon's own words say what is wrong with the token."""
        said = "This access token was switched off on 2026-11-01."
        self.daemon.replies["initialize"] = [refuse(401, said)]
        text = await self.problem(self.relay(self.listen()))
        self.assertIn(f"refused the access: {said} Set the token that your", text)
        self.assertEqual(text.count("Ask "), 0, "the daemon's words say whom to ask")

    @deferred
    async def test_revoked_during_the_session(self):
        """The client is notified of changed tools only when they are back."""
        self.daemon.replies["tools/list"] = [result(TOOLS)]
        self.daemon.replies["tools/call"] = [refuse(401, "it was revoked")]
        self.daemon.replies["ping"] = [refuse(401, "it was revoked"), result({})]
        relay = self.relay(self.listen())
        await relay.connect()
        changed = relay.notified("notifications/tools/list_changed")
        refused = await relay.call("send_it")
        self.assertTrue(refused["isError"])
        self.assertIn("refused the access: it was revoked.", text_of(refused))
        self.assertFalse(changed.called)
        self.daemon.replies["tools/call"] = [result(SAID)]
        await changed
        self.assertEqual(text_of(await relay.call("send_it")), "done")

    @deferred
    async def test_other_servers(self):
        """Something answers that is not the daemon, or only a proxy is there."""
        for answer, expected in (
            (page(200), "answers, but not as an MCP server (200, text/html)"),
            (page(404), "answers, but not as an MCP server (404, text/html)"),
            (page(503), "a server in front of it answered 503"),
            (page(400, b"sent to HTTPS port"), "wants https."),
        ):
            self.daemon.replies["initialize"] = [answer]
            url = self.daemon_url()
            self.assertIn(expected, await self.problem(self.relay(url)))

    @deferred
    async def test_echoed_token(self):
        """A server that repeats the token does not bring it into a chat or a log."""
        for status in (401, 403, 429):
            self.daemon.replies["initialize"] = [refuse(status, f"no {TOKEN}")]
            text = await self.problem(self.relay(self.listen()))
            self.assertIn("no [token]", text)

    @deferred
    async def test_redirect(self):
        """The token is not sent to the address of a redirect."""

        def moved(request: Any, _: object) -> bytes:
            request.setResponseCode(307)
            request.setHeader("location", f"{self.daemon_url()}?secret=1")
            return b""

        self.daemon.replies["initialize"] = [moved]
        text = await self.problem(self.relay(self.daemon_url()))
        self.assertIn("sends me on to another path", text)
        self.assertNotIn("secret", text)
        methods = {each["method"] for each in self.daemon.received}
        self.assertEqual(methods, {"initialize"})

    def daemon_url(self) -> str:
        """Return the URL of the scripted daemon, which listens from the first use."""
        self.url: str = getattr(self, "url", None) or self.listen()
        return self.url

    @deferred
    async def test_private_authority(self):
        """A private authority is named; its file, in PEM or DER, is enough."""
        authority = issue("Acme CA", hosts=())
        leaf = issue("mcp", by=authority, ca=False)
        pair = PrivateCertificate.loadPEM(leaf.pem + leaf.key_pem)
        url = self.listen(pair.options())
        text = await self.problem(self.relay(url))
        self.assertIn("isn't trusted by this computer (issuer: Acme CA).", text)
        self.assertIn("Ask IT for the CA file", text)
        for name, form in (("ca.pem", Encoding.PEM), ("ca.der", Encoding.DER)):
            file = Path(self.mktemp()).with_suffix(f".{name}").resolve()
            file.write_bytes(authority.public.public_bytes(form))
            began = await self.relay(url, ca_file=str(file)).connect()
            self.assertEqual(began["serverInfo"]["name"], "scripted")

    @deferred
    async def test_certificates(self):
        """An expired certificate, and that of another host, are named as such."""
        for hosts, days, expected in (
            (["127.0.0.1"], -1, "expired on"),
            (["mcp.acme.example"], 10, "another host. It is for mcp.acme.example."),
        ):
            made = issue("mcp", hosts=hosts, days=days)
            file = Path(self.mktemp()).with_suffix(".pem").resolve()
            file.write_bytes(made.pem)
            pair = PrivateCertificate.loadPEM(made.pem + made.key_pem)
            relay = self.relay(self.listen(pair.options()), ca_file=str(file))
            self.assertIn(expected, await self.problem(relay))

    @deferred
    async def test_no_tls(self):
        """The address says https, and the server does not speak it."""
        plain: Any = ServerFactory.forProtocol(PlainProtocol)
        port: Any = reactor.listenTCP(0, plain, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        url = f"https://127.0.0.1:{port.getHost().port}"
        self.assertIn("does not use TLS.", await self.problem(self.relay(url)))

    @deferred
    async def test_settings(self):
        """Each value that cannot be used is named as the form calls it."""
        for values, expected in (
            ({"server_address": ""}, "'Server address' of this extension is empty"),
            ({"server_address": "https://x:99999"}, "is not a web address"),
            ({"server_address": "ftp://x"}, "must begin with https://"),
            ({"server_address": "https://a:b@x/"}, "must not contain a user name"),
            ({"server_address": "https://x/mcp?apiKey=k"}, "must not contain ? or #"),
            ({"server_address": "http://x/mcp"}, "http://x is not encrypted"),
            ({"access_token": "two words"}, "'Access token' of this extension"),
            ({"ca_file": "/does/not/exist"}, "'CA file' of this extension cannot be"),
            ({"ca_file": __file__}, "'CA file' of this extension holds no"),
        ):
            relay = self.relay(**{"url": "https://x", **_renamed(values)})
            self.assertIn(expected, await self.problem(relay), values)

    @deferred
    async def test_bad_lines(self):
        """What is not a message is answered, and the next line is read."""
        self.daemon.replies["tools/list"] = [result(TOOLS)]
        relay = self.relay(self.listen())
        for line, code in ((b"{", -32700), (b"\xff", -32700), (b'{"id":7}', -32600)):
            answer = relay.next(lambda each: "error" in each)
            relay.write(line)
            self.assertEqual((await answer)["error"]["code"], code)
        await relay.connect()
        self.assertEqual(len(await relay.tools()), 2)

    @deferred
    async def test_strange_ids(self):
        """No answer has an id that messages cannot have."""
        relay = self.relay(self.listen())
        for id in (b"true", b"[1]", b"{}", b"null"):
            answer = relay.next(lambda each: "error" in each)
            relay.write(b'{"jsonrpc":"2.0","id":%s,"method":"ping"}' % id)
            self.assertIsNone((await answer)["id"])

    @deferred
    async def test_too_large(self):
        """One message that has no room: its request fails, the connection works."""
        other = {"error": "header_fields_too_large", "message": "The head is too large"}
        self.daemon.replies["tools/call"] = [
            *(page(status) for status in (413, 414, 431)),
            lambda request, _: reply(request, other, 431),
        ]
        relay = self.relay(self.listen())
        await relay.connect()
        for _ in range(4):
            answer = await relay.ask("tools/call", name="send_it")
            self.assertIn("too large", answer["error"]["message"])
        changes = [each for each in relay.messages if "method" in each]
        self.assertEqual((changes, relay.errors), ([], b""))

    @deferred
    async def test_client_reads_late(self):
        """A client that reads nothing for a while gets every answer later."""
        relay = self.relay(self.listen())
        await relay.connect()
        process: Any = relay.transport
        process.pauseProducing()
        line = b'{"id":"%s"}' % (b"i" * 1000)
        for _ in range(60):
            relay.write(b"\n".join([line] * 100))
        answered = relay.ask("ping")
        process.resumeProducing()
        await answered
        errors = [each for each in relay.messages if "error" in each]
        self.assertEqual(len(errors), 60 * 100)


def _renamed(values: dict[str, str]) -> dict[str, str]:
    """Return keyword arguments of `RelayTestCase.relay`."""
    return {
        "url" if name == "server_address" else name: value
        for name, value in values.items()
    }
