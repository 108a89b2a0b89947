"""Requests that are not messages, too large, or from another origin; unusual ids."""

from __future__ import annotations

from collections.abc import Sequence

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import Json, JsonObject, dumps
from tests.support.messages import call, initialize, request

from . import sockets
from .bad import JSON, KEY, LIST, Bad, BadInputTestCase
from .cases import Daemon
from .raw_wires import ModernWire, SessionWire, StreamWire
from .sockets import Connection, Reply
from .wires import key_headers, result_of

MEGABYTE = b"x" * (1 << 20)
EVIL = "https://evil.example"

HTTP: Sequence[Bad] = (
    Bad("malformed JSON", 400, -32700, body=b'{"jsonrpc": "2.0", "id": 1,'),
    Bad("no JSON at all", 400, -32700, body=b"\xff\xfe\x00"),
    Bad("an empty body", 400, -32700, body=b""),
    Bad("no message", 400, -32600, body=b'"ping"'),
    Bad("an empty batch", 400, -32600, body=b"[]"),
    Bad("a batch", 400, -32600, body=dumps([LIST])),
    Bad("a key twice", 400, -32600, body=b'{"jsonrpc":"2.0","id":1,"id":2}'),
    Bad("a million values", 400, -32600, body=b"[" + b"1," * 999_999 + b"1]"),
    Bad("no version", 400, -32600, body=b'{"id": 1, "method": "ping"}'),
    Bad("id null", 400, -32600, body=dumps(request("ping", {}, None))),
    Bad("id true", 400, -32600, body=dumps(request("ping", {}, True))),
    Bad("id 1.5", 400, -32600, body=dumps(request("ping", {}, 1.5))),
    Bad("params no object", 400, -32602, body=dumps(request("ping", [1]))),
    Bad("wrong content type", 415, -32000, headers={"Content-Type": "text/plain"}),
    Bad("a form", 415, -32000, headers={"Content-Type": "multipart/form-data"}),
    Bad("neither type", 406, -32000, headers={"Accept": "text/html"}),
    Bad("evil origin", 403, -32000, headers={"Origin": EVIL}),
    Bad("null origin", 403, -32000, headers={"Origin": "null"}),
    Bad("evil origin, GET", 403, -32000, "GET", headers={"Origin": EVIL}, body=None),
    Bad("evil host", 421, -32000, headers={"Host": "evil.example"}),
    Bad("GET without Accept", 405, -32000, "GET", headers={"Accept": None}, body=None),
    Bad("PUT", 405, -32600, "PUT"),
    Bad("PATCH on /messages", 405, -32600, "PATCH", "/messages"),
    Bad("too many slashes", 404, -32600, "POST", "/mcp/sandbox-canary-x/more"),
    Bad("short path key", 401, -32001, target="/mcp/short"),
    Bad(
        "compressed",
        415,
        -32600,
        headers={"Content-Encoding": "gzip"},
        closes=True,
    ),
    Bad(
        "two lengths",
        400,
        -32600,
        headers={"Transfer-Encoding": "chunked", "Content-Length": "5"},
        body=b"0\r\n\r\n",
        closes=True,
    ),
    Bad("11 MB", 413, -32600, body=MEGABYTE * 11, closes=True),
    Bad(
        "11 MB announced",
        413,
        -32600,
        headers={"Content-Length": str(11 << 20), "Expect": "100-continue"},
        body=b"",
        closes=True,
    ),
    Bad(
        "11 MB in chunks",
        413,
        -32600,
        headers={"Transfer-Encoding": "chunked"},
        body=(b"100000\r\n" + MEGABYTE + b"\r\n") * 11 + b"0\r\n\r\n",
        closes=True,
    ),
)
"""Requests that are refused before a session or a tool is looked up."""


class BadInputTests(BadInputTestCase):
    """Invalid requests, and unusual ones that are valid."""

    @deferred
    async def test_bad_input(self):
        """Each has its own error, and later requests are served."""
        daemon = await self.daemon("--sandbox", "--rate-limit=0")
        await self.each(
            daemon,
            self.beside_a_session,
            self.beside_the_stateless_era,
            self.help_for_a_person,
            self.odd_ids,
            self.odd_ids_of_handshakes,
            self.odd_but_right,
        )

    async def beside_a_session(self, daemon: Daemon) -> None:
        """Each has its own error, and the session continues."""
        wire = await self.ready(SessionWire(daemon.url, KEY))
        for bad in HTTP:
            with_key = key_headers(None if bad.target == "/mcp/short" else KEY)
            await self.refused(wire, bad, with_key)
            in_session = {**with_key, **wire.headers()}
            if bad.name not in {"GET without Accept"}:
                await self.refused(wire, bad, in_session)
        await wire.leave()
        wire.transcript.check()

    async def beside_the_stateless_era(self, daemon: Daemon) -> None:
        """Each has its own error for a client without a session."""
        wire = await self.ready(ModernWire(daemon.url, KEY))
        for bad in HTTP:
            await self.refused(wire, bad, {})
        wire.transcript.check()

    async def help_for_a_person(self, daemon: Daemon) -> None:
        """GET without Accept shows what the server is and how to use it, and no key."""
        connection = await self.connection(daemon)
        for target in ("/mcp", f"/mcp/{KEY}"):
            reply = await connection.ask(sockets.request("GET", target, {}))
            self.assertEqual(reply.status, 405)
            self.assertIn("GET", reply.head.headers["allow"])
            for name in ("server", "version", "protocolVersions", "tools", "endpoints"):
                self.assertIn(name, reply.json)
            self.assertNotIn(b"canary", reply.body)

    async def odd_ids(self, daemon: Daemon) -> None:
        """0, the empty string and other unusual ids are returned as they were sent."""
        for wire in (
            SessionWire(daemon.url, KEY),
            ModernWire(daemon.url, KEY),
            StreamWire(daemon.url, KEY),
        ):
            await self.ready(wire)
            for id in (0, "", "0", -1, 2**53, "\u00fc\u4e2d", "null"):
                for message in (request("tools/list", {}, id), evolved(LIST, id)):
                    answer = await wire.ask(message)
                    self.assertIs(type(answer["id"]), type(id))
                    self.assertEqual(answer["id"], id)
                    result_of(answer)
                refused = await wire.ask(call("no_such_tool", {}, id))
                self.assertEqual(refused["id"], id)
                self.assertEqual(refused["error"]["code"], -32602)
            wire.transcript.check()

    async def odd_ids_of_handshakes(self, daemon: Daemon) -> None:
        """initialize with the id 0 or "" opens a session."""
        connection = await self.connection(daemon)
        for id in (0, ""):
            body = dumps(initialize(id=id))
            reply = await connection.ask(sockets.request("POST", "/mcp", JSON, body))
            self.assertEqual(reply.status, 200)
            self.assertEqual(reply.json["id"], id)
            self.assertIn("mcp-session-id", reply.head.headers)

    async def odd_but_right(self, daemon: Daemon) -> None:
        """Valid requests in an unusual form are served."""
        body = dumps(LIST)
        keyed = dict(key_headers(KEY))
        chunk = b"%x;name=value\r\n%b\r\n"
        chunks = chunk % (5, body[:5]) + chunk % (len(body) - 5, body[5:]) + END
        chunked = {**JSON, **keyed, "Transfer-Encoding": "chunked"}
        plain = sockets.request("POST", "/mcp", {**JSON, **keyed}, body)
        connection = await self.connection(daemon)
        for written in (
            plain,
            plain.replace(b"Content-Type", b"content-TYPE"),
            plain.replace(b"POST /mcp ", b"POST http://localhost/mcp "),
            b"\r\n" + plain,
            sockets.request("POST", "/mcp", keyed, body),
            sockets.request("POST", "/mcp", {**keyed, "Accept": "*/*"}, body),
            sockets.request("POST", "/mcp", chunked, chunks),
            sockets.request("POST", f"/mcp/{KEY}?apiKey={KEY}", JSON, body),
        ):
            reply = await connection.ask(written)
            self.assertEqual(reply.status, 200, written)
            self.assertEqual(reply.json["id"], LIST["id"], written)
            result_of(reply.json)
        await self.in_pieces(connection, plain)
        await self.pipelined(connection)
        head = await connection.send(sockets.request("HEAD", "/health", {}))
        self.assertEqual(head.status, 200)
        self.assertEqual((await connection.ask(plain)).status, 200)

    async def in_pieces(self, connection: Connection, written: bytes) -> None:
        """Send a request byte by byte."""
        for number in range(len(written)):
            connection.write(written[number : number + 1])
        reply = Reply(head := await connection.head(), await connection.body(head))
        self.assertEqual(reply.json["id"], LIST["id"])

    async def pipelined(self, connection: Connection) -> None:
        """Send several requests at once; they are answered in order."""
        ids = [*range(20)]
        connection.write(
            b"".join(
                sockets.request(
                    "POST",
                    "/mcp",
                    {**JSON, **key_headers(KEY)},
                    dumps(evolved(LIST, id) if id % 2 else request("ping", {}, id)),
                )
                for id in ids
            )
        )
        for id in ids:
            reply = Reply(head := await connection.head(), await connection.body(head))
            self.assertEqual(reply.json["id"], id)


END = b"0\r\n\r\n"


def evolved(message: JsonObject, id: Json) -> JsonObject:
    """Return the message with another id."""
    return {**message, "id": id}
