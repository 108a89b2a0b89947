"""The whole daemon on a driven clock, and clients that reach it without a network.

`MemoryDaemon` is what ``daemon/assembly.py`` builds, with the simulated Instantly. What
the sandbox received is the observation of these tests: not what an answer says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from io import StringIO
from typing import Any
from unittest.mock import patch

from attrs import define, field
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from instantly_mcp._json_codec import Json, JsonObject, dumps, loads
from instantly_mcp._noop import noop
from instantly_mcp.catalog.index import BY_ID
from instantly_mcp.daemon import assembly
from instantly_mcp.daemon.logs.line_file import LineFile
from instantly_mcp.daemon.logs.observer import FORMATS, LogObserver
from instantly_mcp.daemon.logs.redaction import Redactor
from instantly_mcp.daemon.mcp import McpParts, make_mcp_parts
from instantly_mcp.daemon.process.signals import Signals
from instantly_mcp.daemon.reload import Reloader
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.sandbox.journal import Journal
from instantly_mcp.sandbox.workspaces import Sandbox
from instantly_mcp.sandbox.world import World
from tests.web.site import Pipe, request

START = 1_793_610_000.0
"""Monday, 2 November 2026, 9:00 UTC: the wall time at which a daemon starts."""

STEP_SECONDS = 0.5
STEPS = 400
"""A request that is not answered after so many steps of the clock failed."""

JSON_AND_EVENTS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
}


def taken_writes(sandbox: Sandbox, key: str) -> list[str]:
    """Return the writes that were executed for a key since the last call."""
    workspace = sandbox.workspace(key)
    journal = workspace.journal
    workspace.journal = Journal()
    found = [each["operation"] for each in journal.as_json()]
    return [name for name in found if not BY_ID[name].effect.read_only]


class StillReactor(MemoryReactorClock):
    """A reactor whose time the test moves."""

    def callFromThread(self, function, *arguments):
        """Call it now: there is one thread."""
        function(*arguments)


class MemoryDaemon:
    """A running daemon with its sandbox.

    :param settings: as options would set them; ``sandbox`` is added.
    :ivar sandbox: the simulated Instantly.
    :ivar books: the operator's records: tokens, approvers, approvals.
    :ivar reload: reads the files of the settings again, as SIGHUP does.
    :ivar wall_offset: seconds by which the wall clock was set.
    """

    def __init__(self, **settings: str) -> None:
        self.reactor = StillReactor()
        self.wall_offset = 0.0
        made: list[McpParts] = []

        def keep(*arguments):
            made.append(make_mcp_parts(*arguments))
            return made[-1]

        def keep_reload(*arguments):
            self.reload = Reloader(*arguments)
            return self.reload

        given = {"sandbox": "true", "rate_limit": "0", "toolsets": "all", **settings}
        resolved = resolve(given, {})
        redactor = Redactor(resolved.secrets())
        observer = LogObserver(LineFile(None), FORMATS["text"], redactor)
        with (
            patch.object(assembly, "make_mcp_parts", keep),
            patch.object(assembly, "Reloader", keep_reload),
            patch.object(assembly, "Signals", partial(Signals, install=noop)),
        ):
            self.service = assembly.build(
                resolved,
                self.reactor,
                observer,
                out=StringIO(),
                give_up=self._failed,
                wall=self.wall,
            )
        (parts,) = made
        self.books = parts.books
        assert parts.upstream.sandbox is not None
        self.sandbox = parts.upstream.sandbox
        self.sandbox.rate_limited = False
        self.service.privilegedStartService()
        self.service.startService()
        self.factory = self.reactor.tcpServers[0][1]

    def _failed(self, lines) -> None:
        raise AssertionError("; ".join(lines))

    def wall(self) -> float:
        """Return the time of the wall clock, which the test may set."""
        return START + self.wall_offset + self.reactor.seconds()

    def stop(self) -> None:
        """Stop as after SIGTERM."""
        stopping = self.service.stopService()
        for _ in range(STEPS):
            if stopping.called:
                return
            self.reactor.advance(STEP_SECONDS)
        raise AssertionError("the daemon did not stop")

    def world(self, key: str) -> World:
        """Return the simulated workspace of a key."""
        return self.sandbox.workspace(key).current_world()

    def writes(self, key: str) -> list[str]:
        """Return the writes that Instantly executed for a key since the last call."""
        return taken_writes(self.sandbox, key)

    def connect(self, host: str = "127.0.0.1") -> Wire:
        """Open a connection."""
        return Wire(self, host)

    def ask(
        self,
        message: Json = None,
        path: str = "/mcp",
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request on a connection of its own; wait for its whole answer."""
        wire = self.connect()
        answer = wire.send(method, path, headers, message)
        answer.wait()
        wire.hang_up()
        return answer


@define(eq=False)
class Answer:
    """An HTTP response that may still be arriving."""

    wire: Wire
    status: int = field(default=0, init=False)
    headers: dict[str, str] = field(factory=dict, init=False)
    body: bytes = field(default=b"", init=False)
    complete: bool = field(default=False, init=False)

    def wait(self) -> Answer:
        """Let time pass until the answer is complete."""
        self._until(lambda: self.complete)
        return self

    def wait_for_event(self, count: int) -> list[JsonObject]:
        """Let time pass until so many messages have arrived; return all."""
        self._until(lambda: len(self.messages()) >= count or self.complete)
        return self.messages()

    def _until(self, reached) -> None:
        for _ in range(STEPS):
            self._read()
            if reached():
                return
            self.wire.daemon.reactor.advance(STEP_SECONDS)
        raise AssertionError(f"no answer in time; so far {self.status} {self.body!r}")

    def _read(self) -> None:
        data = self.wire.pipe.value()
        head, found, rest = data.partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split(" ")[1])
        pairs = (line.split(": ", 1) for line in lines)
        self.headers = {name.lower(): value for name, value in pairs}
        if self.headers.get("transfer-encoding") == "chunked":
            self.body, self.complete = _dechunked(rest)
            return
        length = int(self.headers.get("content-length", 0))
        self.body, self.complete = rest[:length], len(rest) >= length

    def events(self) -> Iterator[tuple[str, str]]:
        """Yield the type and the data of each event that has arrived."""
        for block in self.body.decode().replace("\r\n", "\n").split("\n\n")[:-1]:
            fields = [line.partition(": ") for line in block.split("\n")]
            data = [value for name, _, value in fields if name == "data"]
            kinds = [value for name, _, value in fields if name == "event"]
            if data and any(data):
                yield (kinds or ["message"])[0], "\n".join(data)

    def messages(self) -> list[JsonObject]:
        """Return the JSON-RPC messages that have arrived."""
        self._read()
        if not self.headers.get("content-type", "").startswith("text/event-stream"):
            if not self.complete or not self.body:
                return []
            found = loads(self.body)
            return found if isinstance(found, list) else [found]
        return [
            loads(data.encode()) for kind, data in self.events() if kind == "message"
        ]

    def reply(self, id: Json = 1) -> JsonObject:
        """Return the response to a request."""
        for message in self.messages():
            if message.get("id") == id and "method" not in message:
                return message
        raise AssertionError(f"no answer to {id!r}: {self.status} {self.body!r:.800}")


@define(eq=False)
class Wire:
    """One connection to a daemon."""

    daemon: MemoryDaemon
    host: str = "127.0.0.1"
    pipe: Pipe = field(init=False)
    _channel: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Connect."""
        self.pipe = Pipe(self.host)
        peer = IPv4Address("TCP", self.host, 54321)
        self._channel = self.daemon.factory.buildProtocol(peer)
        self._channel.makeConnection(self.pipe)

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        message: Json = None,
    ) -> Answer:
        """Send a request; the answer may not be complete yet."""
        body = b"" if message is None else dumps(message)
        given = {**(JSON_AND_EVENTS if body else {}), **(headers or {})}
        self.pipe.clear()
        self._channel.dataReceived(request(method, path, given, body))
        return Answer(self)

    def hang_up(self) -> None:
        """Close the connection."""
        self._channel.connectionLost(Failure(ConnectionDone()))


def _dechunked(data: bytes) -> tuple[bytes, bool]:
    """Return what has arrived of a body in chunks, and whether it is complete."""
    body = b""
    while data:
        size, found, rest = data.partition(b"\r\n")
        if not found:
            break
        length = int(size, 16)
        if length == 0:
            return body, True
        body, data = body + rest[:length], rest[length + 2 :]
    return body, False
