"""The protocol engine and its transports put together for tests, without HTTP.

A `Rig` is what ``daemon/assembly.py`` builds, less admission and repair, with the
simplest authentication there can be. Each answer is checked against the schema
of its revision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any

from attrs import define, evolve, field, frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from zope.interface import implementer

from instantly_mcp._credential import Credential, Secret
from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp._rights import ALL_RIGHTS, Rights
from instantly_mcp.pipeline.credential_errors import key_required
from instantly_mcp.pipeline.exchange import Exchange, Route
from instantly_mcp.pipeline.interfaces import IStage
from instantly_mcp.pipeline.pipeline import Pipeline
from instantly_mcp.pipeline.replies.execution import MessageExecutor
from instantly_mcp.pipeline.replies.reply import Outcome, refuse
from instantly_mcp.pipeline.stages.decode import Decode
from instantly_mcp.pipeline.stages.direct import DirectExecution
from instantly_mcp.pipeline.stages.dispatch import TransportDispatch
from instantly_mcp.protocol.calls.session import (
    ENDED,
    FOREIGN,
    ISessionStore,
    McpSession,
    SessionLookup,
    SessionStatus,
)
from instantly_mcp.protocol.interfaces import ITokenSealer, ITracker, PendingWork
from instantly_mcp.protocol.primitives.registries import IToolRegistry
from instantly_mcp.protocol.server import McpServer
from instantly_mcp.protocol.server_features import ServerFeatures, ServerInfo
from instantly_mcp.protocol.wire.errors import session_not_found
from instantly_mcp.protocol.wire.versions import Revision
from instantly_mcp.transports.legacy_sse import LegacySse
from instantly_mcp.transports.streamable import StreamableHttp

from .exchanges import exchange
from .messages import MODERN_VERSION, modern_headers
from .received import Received, methods_of
from .toolboxes import SmallToolbox

INFO = ServerInfo(
    name="instantly-mcp",
    title="Instantly",
    version="0.0.1",
    instructions="Tools of the tests.",
)

ADA = "key-of-ada-lovelace"
BOB = "key-of-bob-the-builder"


def credential(key: str = ADA) -> Credential:
    """Return the credential of one of the people in the tests."""
    return Credential(secret=Secret(key), source="x-api-key")


@implementer(ITokenSealer)
@define(eq=False)
class FakeTokenSealer:
    """A fake sealer: its tokens are numbers, and it keeps the payloads."""

    kept: dict[str, tuple[str, bytes]] = field(factory=dict)

    def seal(self, purpose: str, payload: bytes) -> str:
        """Keep the payload and return its number."""
        token = f"token-{len(self.kept)}"
        self.kept[token] = (purpose, payload)
        return token

    def unseal(self, purpose: str, token: str) -> bytes | None:
        """Return what was kept under the token for the same purpose."""
        kept_for, payload = self.kept.get(token, ("", b""))
        return payload if token in self.kept and kept_for == purpose else None


def make_server_features(
    toolbox: IToolRegistry, clock: Clock, **settings: Any
) -> ServerFeatures:
    """Return the features of a server with these tools and other settings."""
    return ServerFeatures(
        info=INFO,
        tools=toolbox,
        seal=FakeTokenSealer(),
        clock=clock,
        wall_clock=lambda: 1_790_000_000.0 + clock.seconds(),
        credential_required=key_required,
        **settings,
    )


def make_server(toolbox: IToolRegistry, clock: Clock) -> McpServer:
    """Return the engine over a toolbox."""
    return McpServer(make_server_features(toolbox, clock))


@implementer(ISessionStore)
@define(eq=False)
class FakeSessionStore:
    """A fake session store: a dictionary, with numbered ids."""

    held: dict[str, McpSession] = field(factory=dict)
    over: dict[str, str] = field(factory=dict)
    _numbers: Iterable[int] = field(factory=count, init=False)

    @property
    def count(self) -> int:
        """How many sessions are held now."""
        return len(self.held)

    def open(
        self,
        revision: Revision,
        credential: Credential | None,
        rights: Rights = ALL_RIGHTS,
    ) -> McpSession:
        """Create a session."""
        session = McpSession(
            id=f"session-{next(iter(self._numbers))}",
            revision=revision,
            credential=credential,
            rights=rights,
            last_seen=0.0,
        )
        self.held[session.id] = session
        return session

    def look_up(self, session_id: str) -> SessionLookup:
        """Return the session of an id and its status."""
        session = self.held.get(session_id)
        if session is not None:
            return SessionLookup(SessionStatus.LIVE, session)
        return ENDED if session_id in self.over else FOREIGN

    def issued(self, session_id: str) -> bool:
        """Return whether the id has the form of this store's ids."""
        return session_id.startswith("session-")

    def adopt(
        self, session_id: str, credential: Credential | None
    ) -> McpSession | None:
        """Return no session: this store cannot restore any."""
        return None

    def end(self, session: McpSession, why: str) -> None:
        """End a session."""
        self.held.pop(session.id, None)
        self.over[session.id] = why
        session.close()


@implementer(ITracker)
@define(eq=False)
class WorkList:
    """Stores the work that the daemon's stop would wait for."""

    tracked: list[PendingWork] = field(factory=list)

    def track(self, work: PendingWork) -> None:
        """Hold `work` until it fires."""
        self.tracked.append(work)

        def forget(outcome: object) -> object:
            self.tracked.remove(work)
            return outcome

        work.addBoth(forget)


@implementer(IStage)
@frozen
class Identify:
    """A minimal authentication: ``x-api-key`` and the session id."""

    sessions: FakeSessionStore
    name: str = "identify"

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Fill `credential`, `session_id` and `lookup`."""
        key = exchange.headers.get("x-api-key")
        shown = None if key is None else credential(key)
        id = exchange.headers.get("mcp-session-id")
        if id is None:
            id = next(iter(exchange.query.get("sessionId", ())), None)
        lookup = FOREIGN if id is None else self.sessions.look_up(id)
        if lookup.session is not None:
            owner = lookup.session.credential
            if shown is not None and owner is not None and shown != owner:
                return succeed(refuse(exchange, session_not_found("not yours")))
            shown = shown or owner
        return succeed(evolve(exchange, credential=shown, session_id=id, lookup=lookup))


class Line:
    """A pipeline that messages are sent through; it stores what came back.

    :param before: the stages before decoding, which identify the sender.
    """

    def __init__(
        self,
        clock: Clock,
        server_features: ServerFeatures,
        sessions: ISessionStore,
        before: Sequence[IStage],
        *,
        strict: bool = False,
    ) -> None:
        self.clock = clock
        self.work = WorkList()
        self.server = McpServer(server_features)
        self.executor = MessageExecutor(self.server, clock, self.work)
        changes = self.server.features.changes
        self.streamable = StreamableHttp(
            executor=self.executor,
            sessions=sessions,
            changes=changes,
            strict=strict,
        )
        self.legacy_sse = LegacySse(
            server=self.server,
            sessions=sessions,
            changes=changes,
            tracker=self.work,
            clock=self.clock,
            logs=self.streamable.logs,
        )
        self.direct = DirectExecution(self.executor, lambda: {"server": "tests"})
        self.pipeline = Pipeline(
            (
                *before,
                Decode(),
                TransportDispatch((self.streamable, self.legacy_sse)),
                self.direct,
            ),
            clock,
        )
        self.received: list[Received] = []

    def send(
        self,
        message: Json = None,
        *,
        key: str | None = ADA,
        session: str | None = None,
        version: str | None = None,
        speaks: str | None = None,
        with_headers: Mapping[str, str | Sequence[str]] | None = None,
        method: str = "POST",
        route: Route = Route.MCP,
        **fields: Json,
    ) -> Received:
        """Send one HTTP request.

        :param version: the ``MCP-Protocol-Version`` header.
        :param speaks: the revision whose schema the answers are checked with, where
            the reply itself does not say it.
        """
        headers = dict(with_headers or {})
        if key is not None:
            headers.setdefault("x-api-key", key)
        if session is not None and route is Route.MCP:
            headers["mcp-session-id"] = session
        elif session is not None:
            fields.setdefault("query", {"sessionId": [session]})
        if version is not None:
            headers["mcp-protocol-version"] = version
        sent = exchange(
            message, method=method, route=route, with_headers=headers, **fields
        )
        received = Received(self.pipeline.run(sent), speaks, methods_of(message))
        self.received.append(received)
        return received

    def send_modern(
        self,
        message: JsonObject,
        *,
        with_headers: Mapping[str, str | Sequence[str]] | None = None,
        **fields: Json,
    ) -> Received:
        """Send a message of the modern era with the headers that belong to it."""
        headers = {**modern_headers(message), **(with_headers or {})}
        fields.setdefault("speaks", MODERN_VERSION)
        return self.send(message, with_headers=headers, **fields)

    def check(self) -> None:
        """Check everything that was received."""
        for received in self.received:
            received.check()


class Rig(Line):
    """A pipeline from decoding to direct execution, over a small toolbox."""

    def __init__(self, clock: Clock, *, strict: bool = False) -> None:
        self.toolbox = SmallToolbox()
        self.sessions = FakeSessionStore()
        super().__init__(
            clock,
            make_server_features(self.toolbox, clock),
            self.sessions,
            (Identify(self.sessions),),
            strict=strict,
        )
