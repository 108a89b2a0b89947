"""With keys everywhere and failures of all kinds, no output shows a key.

The name of this module is part of paths in the log, so it must not look like a key.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from attrs import frozen

from instantly_mcp._deferred import deferred
from instantly_mcp._json_codec import JsonObject, dumps
from tests.support.messages import call, initialize, modern, modern_headers

from . import sockets
from .cases import Daemon, LiveTestCase
from .sockets import BOTH, Closed, Connection
from .story import together, value_of

CANARY = b"canary"
OPERATOR = "sandbox-canary-operator+/=="
SECRET = "canary-of-the-server-0123456789+/=="
PASSWORD = "canary-password"
JSON = {"Content-Type": "application/json", "Accept": BOTH}
SHOWN = {"Authorization": f"Bearer {SECRET}"}
LIST = call("list_campaigns", {"limit": 1})
MAILBOX = {
    "email": "new@example.com",
    "first_name": "New",
    "last_name": "Box",
    "provider_code": 1,
    **{
        f"{side}_{name}": value
        for side, port in (("imap", 993), ("smtp", 587))
        for name, value in (
            ("username", "new@example.com"),
            ("password", PASSWORD),
            ("host", "mail.example.com"),
            ("port", port),
        )
    },
}


@frozen
class Planted:
    """One request with a key in it.

    :param works: the key is used: the answer holds a campaign.
    """

    method: str
    target: str
    headers: Mapping[str, str] = {}
    message: JsonObject | None = LIST
    works: bool = False


def named_after(
    name: str, version: str
) -> Sequence[tuple[JsonObject, Mapping[str, str]]]:
    """Return requests of a client with this name, and the headers they need."""
    client = {"name": name, "version": version}
    opening = initialize()
    stateless = modern(LIST, clientInfo=client)
    headers = {each: str(value) for each, value in modern_headers(stateless).items()}
    params = {**opening["params"], "clientInfo": client}
    return (({**opening, "params": params}, {}), (stateless, headers))


KEYED = {"x-instantly-api-key": "sandbox-canary-header"}
WORKING: Sequence[Planted] = (
    Planted("POST", "/mcp", {}),
    Planted("POST", "/mcp", KEYED),
    Planted("POST", "/mcp", {"x-api-key": "sandbox-canary-x-api-key"}),
    Planted("POST", "/mcp/sandbox-canary-path", {}),
    Planted("POST", "/mcp/readonly/sandbox-canary-path", {}),
    Planted("POST", "/mcp/x/campaigns/draft/sandbox-canary-path", {}),
    Planted("POST", "/mcp?apiKey=sandbox-canary-query", {}),
    Planted("POST", "/mcp?api_key=sandbox-canary-query", {}),
    Planted("POST", "/messages?sessionId=sandbox-canary-session-id", {}),
    Planted("POST", "/messages?apiKey=sandbox-canary-messages", {}),
)
FAILING: Sequence[Planted] = (
    Planted("POST", "/mcp", {"x-api-key": "instantly-canary-wrong"}),
    Planted("POST", "/mcp", {**KEYED, "x-api-key": "sandbox-canary-second"}),
    *(
        planted
        for text in (
            '"sandbox-canary-quoted"',
            "INSTANTLY_API_KEY=sandbox-canary-named",
            "Bearer sandbox-canary-bearer",
            "your-canary-key-here",
            "imt_canary_0123456789",
            SECRET[:-1],
            f"{SECRET}x",
        )
        for planted in (
            Planted("POST", "/mcp", {"Authorization": f"Bearer {text}"}),
            Planted("POST", "/mcp", {"x-api-key": text}),
            Planted("POST", "/mcp", {"x-instantly-api-key": text}),
            Planted("POST", f"/mcp/{quote(text, safe='')}"),
            Planted("POST", f"/mcp?apiKey={quote(text, safe='')}"),
            Planted("POST", f"/messages?sessionId={quote(text, safe='')}"),
            Planted("GET", "/info", {"Authorization": f"Bearer {text}"}, None),
            Planted("GET", f"/health?apiKey={quote(text, safe='')}", {}, None),
            Planted("POST", "/sandbox/reset", {"Authorization": f"Bearer {text}"}),
        )
    ),
    Planted("POST", "/sandbox/reset?key=sandbox-canary-16"),
    Planted("POST", "/mcp", {"X-Forwarded-For": "canary", "Via": "1.1 canary"}),
    Planted("POST", "/mcp/sandbox-canary-1/more"),
    Planted("POST", "/mcp/sandbox-canary-17/readonly"),
    Planted("POST", "/mcp/x/sandbox-canary-18"),
    Planted("POST", "/sse/w/sandbox-canary-19"),
    Planted("POST", "/mcp?access=sandbox-canary-20&workspace=sandbox-canary-21"),
    *(
        Planted("POST", "/mcp", {**KEYED, f"X-MCP-{name}": "sandbox-canary-22"})
        for name in ("Access", "Readonly", "Toolsets", "Workspace", "Tools")
    ),
    Planted("POST", "/mcp//sandbox-canary-2"),
    Planted("POST", "/mcp/sandbox-canary%2Fx%ff"),
    Planted("PUT", "/mcp/sandbox-canary-3"),
    Planted("GET", "/mcp/sandbox-canary-4", message=None),
    Planted("GET", "/nowhere/sandbox-canary-5?apiKey=canary", message=None),
    Planted("GET", "/health?apiKey=sandbox-canary-6", message=None),
    Planted("GET", "/info?apiKey=sandbox-canary-7", KEYED, None),
    Planted("GET", "/ready?apiKey=sandbox-canary-8", KEYED, None),
    Planted("GET", "/ping", {"Referer": "http://localhost/?apiKey=canary"}, None),
    Planted(
        "GET",
        "/.well-known/oauth-protected-resource/mcp/sandbox-canary-9",
        message=None,
    ),
    Planted("POST", "/register?apiKey=canary"),
    Planted("DELETE", "/mcp", {**KEYED, "Mcp-Session-Id": "canary-session"}, None),
    Planted("POST", "/mcp", {"Mcp-Session-Id": "canary-session"}),
    Planted("POST", "/mcp", {**KEYED, "Content-Type": "canary/key"}),
    # Host names are not secret: the log shows which ones were refused.
    Planted("POST", "/mcp", {**KEYED, "Origin": "https://refused.example"}),
    Planted("POST", "/mcp", {**KEYED, "Host": "refused.example"}),
    Planted("POST", "/mcp", {**KEYED, "Origin": "https://canary.example/canary"}),
    Planted("POST", "/mcp", {**KEYED, "Host": "canary@refused.example"}),
    Planted("POST", "/mcp", {**KEYED, "Mcp-Protocol-Version": "canary"}),
    Planted("POST", "/mcp", KEYED, call("list_campaigns", {"limit": "canary-1"})),
    Planted("POST", "/mcp", KEYED, call("get_email", {"email_id": "../canary"})),
    Planted("POST", "/mcp", KEYED, call("get_lead", {"lead_id": "canary-2"})),
    Planted("POST", "/mcp", KEYED, call("create_account", MAILBOX)),
)
SELF_NAMED: Sequence[Planted] = tuple(
    Planted("POST", "/mcp", {**KEYED, **headers}, message)
    for name in ("sandbox-canary-header", OPERATOR, SECRET)
    for message, headers in named_after(f"my {name}", f"{name}!")
)
"""Clients that state a key as their name and version, in either era."""

BROKEN: Sequence[bytes] = (
    b"GET /mcp/sandbox-canary-10 HTTP/9.9\r\nHost: localhost\r\n\r\n",
    b"GET /mcp/sandbox-canary-11\r\n\r\n",
    b"GET /mcp/sandbox-canary-12 HTTP/1.1\r\n\r\n",
    b"GET /mcp HTTP/1.1\r\nHost: localhost\r\nx-api-key : canary\r\n\r\n",
    b"POST /mcp/sandbox-canary-13 HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Length: canary\r\n\r\n",
    b"GET /mcp/"
    + b"sandbox-canary-14" * 2000
    + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"x-api-key: sandbox-canary-15\r\nContent-Length: 8\r\n\r\n{canary}",
)


class PlantedKeyTests(LiveTestCase):
    """The daemon shows its keys to the upstream only."""

    keys = ("canary",)

    def setUp(self) -> None:
        """Create the list of opened connections."""
        super().setUp()
        self.opened: list[Connection] = []

    @deferred
    async def test_keys_in_the_environment(self):
        """Keys of the environment, lines of text on standard error."""
        environ = {"INSTANTLY_API_KEY": OPERATOR, "MCP_AUTH_SECRET_KEY": SECRET}
        port = free_port()
        daemon, upstream = await self.live(
            "--log-level=debug", f"--metrics-listen={local(port)}", **environ
        )
        await self.nothing_shows(daemon, upstream, port, ())

    @deferred
    async def test_keys_in_files(self):
        """Keys of files, which are read again, and lines of JSON in a file."""
        log, port = self.folder / "log.json", free_port()
        options = (
            f"--api-key-file={self.key_file('operator', OPERATOR)}",
            f"--server-secret-file={self.key_file('secret', SECRET)}",
            f"--log-file={log}",
            f"--state-dir={self.folder / 'state'}",
            f"--metrics-listen={local(port)}",
        )
        daemon, upstream = await self.live(
            "--log-level=debug", "--log-format=json", "--log-clients", *options
        )
        sinks = (log, self.folder / "state")
        await self.nothing_shows(daemon, upstream, port, sinks)

    def key_file(self, name: str, text: str) -> Path:
        """Return a file with a key."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    async def nothing_shows(
        self, daemon: Daemon, upstream: Daemon, metrics: int, sinks: Sequence[Path]
    ) -> None:
        """Use the keys, cause all kinds of failures, and read all output."""
        ready = daemon.running.ready_file.read_bytes()
        await self.all_goes_well(daemon)
        await self.all_goes_wrong(daemon)
        for planted in SELF_NAMED:
            self.assertIn("result", await self.answered(daemon, planted), planted)
        await upstream.kill()
        await together(self.answered(daemon, each) for each in (*WORKING, *FAILING))
        shown = await self.get(f"http://127.0.0.1:{metrics}/metrics")

        def outputs() -> Sequence[bytes]:
            files = [path for sink in sinks for path in files_of(sink)]
            return [daemon.running.output, *(path.read_bytes() for path in files)]

        daemon.running.send(signal.SIGHUP)
        await self.until(lambda: any(b"reloaded" in each for each in outputs()))
        await daemon.stop()
        heard = [connection.everything for connection in self.opened]
        written = b"".join(outputs())
        self.assertIn(b"my_[redacted]", written)
        for sink in (ready, shown, written, *heard):
            self.assertTrue(sink)
            self.assertNotIn(CANARY, sink)

    async def all_goes_well(self, daemon: Daemon) -> None:
        """Every key is used where it was placed."""
        for planted in WORKING:
            answer = await self.answered(daemon, planted)
            self.assertIn("result", answer, planted)
            self.assertEqual(len(value_of(answer["result"])["items"]), 1, planted)
        opening = await self.connection(daemon)
        whole = {**JSON, **SHOWN, **KEYED}
        reply = await opening.ask(
            sockets.request("POST", "/mcp", whole, dumps(initialize()))
        )
        self.assertIn("mcp-session-id", reply.head.headers)
        for target in ("/sse/sandbox-canary-sse", "/sse", "/mcp/sandbox-canary-sse"):
            stream = await self.connection(daemon)
            asked = {**SHOWN, "Accept": "text/event-stream"}
            head = await stream.send(sockets.request("GET", target, asked))
            self.assertEqual(head.status, 200)
            event = await anext(stream.events())
            self.assertIn("/messages?sessionId=", event.data)
            stream.drop()

    async def all_goes_wrong(self, daemon: Daemon) -> None:
        """Each failure is an answer in JSON."""
        for planted in FAILING:
            await self.answered(daemon, planted)
        without = await self.connection(daemon)
        for headers in ({}, {"Authorization": "Bearer canary-wrong-secret"}):
            asked = sockets.request("POST", "/mcp", {**JSON, **headers}, dumps(LIST))
            self.assertEqual((await without.ask(asked)).status, 401)
        for request in BROKEN:
            connection = await self.connection(daemon)
            reply = await connection.ask(request)
            self.assertGreaterEqual(reply.status, 400)
            self.assertIn("error", reply.json)

    async def answered(self, daemon: Daemon, planted: Planted) -> JsonObject:
        """Send a request with the server's secret; return the JSON that answers."""
        connection = await self.connection(daemon)
        body = None if planted.message is None else dumps(planted.message)
        # A GET that accepts an event stream would get one.
        accept = {} if body else {"Accept": "application/json"}
        whole = {**JSON, **SHOWN, **accept, **planted.headers}
        request = sockets.request(planted.method, planted.target, whole, body)
        try:
            reply = await connection.ask(request)
        except Closed as closed:
            raise AssertionError(f"no answer to {planted}") from closed
        connection.drop()
        found: JsonObject = reply.json
        return found

    async def connection(self, daemon: Daemon) -> Connection:
        """Open a connection that is read at the end."""
        opened = await sockets.connect(daemon.port)
        self.opened.append(opened)
        self.addCleanup(opened.drop)
        return opened


def files_of(path: Path) -> Sequence[Path]:
    """Return the file, or the files in the folder, without the control socket."""
    paths = [path] if path.is_file() else sorted(path.iterdir())
    return [each for each in paths if each.is_file()]


def local(port: int) -> str:
    """Return a port of this machine as an endpoint."""
    return f"tcp:{port}:interface=127.0.0.1"


def free_port() -> int:
    """Return a port that no program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
