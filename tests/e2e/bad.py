"""A bad request, its expected answer, and the check that clients are not affected."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from attrs import frozen

from instantly_mcp._json_codec import dumps
from tests.support.messages import call
from tests.support.wire import check_message

from . import sockets
from .cases import Daemon, LiveTestCase
from .raw_wires import RawWire
from .sockets import BOTH, Connection, Reply
from .story import value_of

Wired = TypeVar("Wired", bound=RawWire)

KEY = "sandbox-canary-good"
OTHER = "sandbox-canary-other"
WRONG = "instantly-canary-wrong"
JSON = {"Content-Type": "application/json", "Accept": BOTH}
LIST = call("list_campaigns", {"limit": 1}, id=5)


FRAME = frozenset({"jsonrpc", "id", "error", "result"})


@frozen
class Bad:
    """A bad request and its expected answer.

    :param headers: in addition to the usual ones; ``None`` removes one.
    :param code: the code of the JSON-RPC error.
    :param closes: whether the server closes the connection.
    """

    name: str
    status: int
    code: int
    method: str = "POST"
    target: str = "/mcp"
    headers: Mapping[str, str | None] = {}
    body: bytes | None = dumps(LIST)
    closes: bool = False

    @property
    def readable(self) -> bool:
        """Whether a route reads the message, so that the answer has its id."""
        posted = self.method == "POST" and self.status != 404 and not self.closes
        return posted and self.body == dumps(LIST)

    def written(self, session: Mapping[str, str]) -> bytes:
        """Return the request as it goes over the wire."""
        whole: dict[str, str | None] = {**JSON, **session, **self.headers}
        kept = {name: value for name, value in whole.items() if value is not None}
        return sockets.request(self.method, self.target, kept, self.body)


class BadInputTestCase(LiveTestCase):
    """Sends a bad request, then a good one on the same connection."""

    keys = ("canary",)

    async def refused(
        self, wire: RawWire, bad: Bad, session: Mapping[str, str]
    ) -> Reply:
        """Send a bad request; check its answer, and that the client still works."""
        before = wire.connection
        reply = await before.ask(bad.written(session))
        self.assertEqual(reply.status, bad.status, f"{bad.name}: {reply}")
        self.assertEqual(reply.head.headers["content-type"], "application/json")
        self.assertEqual(reply.error["code"], bad.code, f"{bad.name}: {reply}")
        self.assertGreater(len(reply.error["message"]), 10, bad.name)
        self.assertNotIn(b"canary", reply.body)
        if bad.readable:
            self.assertEqual(reply.json.get("id"), LIST["id"], bad.name)
        frame = {name: reply.json[name] for name in reply.json if name in FRAME}
        check_message("2025-11-25", frame)
        if bad.closes:
            await before.ended()
            wire.connection = await wire.another()
        await self.goes_on(wire)
        return reply

    async def connection(self, daemon: Daemon) -> Connection:
        """Open a connection that is closed after the test."""
        opened = await sockets.connect(daemon.port)
        self.addCleanup(opened.drop)
        return opened

    async def goes_on(self, wire: RawWire) -> None:
        """Check that the client still has its tools, its session and its data."""
        result = await wire.call("list_campaigns", {"limit": 1})
        self.assertEqual(len(value_of(result)["items"]), 1)

    async def ready(self, wire: Wired) -> Wired:
        """Connect a client that is closed after the test."""
        self.addCleanup(wire.drop)
        await wire.connect()
        return wire

    async def each(
        self,
        daemon: Daemon,
        *checks: Callable[[Daemon], Awaitable[None]],
    ) -> None:
        """Check one thing after the other on the same daemon."""
        for check in checks:
            await check(daemon)
