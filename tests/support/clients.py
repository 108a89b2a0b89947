"""Clients of each era on a `Rig`."""

from __future__ import annotations

from typing import Any, Protocol

from attrs import define, field
from twisted.internet.task import Clock

from instantly_mcp._json_codec import Json, JsonObject
from instantly_mcp.pipeline.exchange import Route

from .cases import ClockedTestCase
from .messages import initialize, modern, notice
from .received import Received, methods_of
from .servers import ADA, Line, Rig


class Client(Protocol):
    """A client that sends requests and receives answers."""

    def ask(self, message: JsonObject) -> Received:
        """Send a request; return the HTTP response to it."""

    def responses(self) -> list[Json]:
        """Return every response that reached this client, in order."""


@define(eq=False)
class SessionClient:
    """A client of Streamable HTTP with a session."""

    rig: Line
    version: str = "2025-11-25"
    key: str | None = ADA
    capabilities: JsonObject = field(factory=dict)
    session: str = field(default="", init=False)
    opening: Received = field(init=False)
    asked: list[Received] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        """Initialize a session."""
        opening = initialize(self.version, capabilities=self.capabilities)
        self.opening = self.rig.send(opening, key=self.key)
        self.session = self.opening.header("mcp-session-id") or ""
        self.tell("notifications/initialized")

    def ask(self, message: Json, **fields: Json) -> Received:
        """Send a message within the session."""
        received = self.rig.send(
            message,
            key=self.key,
            session=self.session,
            version=self.version,
            speaks=self.version,
            **fields,
        )
        self.asked.append(received)
        return received

    def tell(self, method: str, params: Json = None) -> Received:
        """Send a notification."""
        return self.ask(notice(method, {} if params is None else params))

    def responses(self) -> list[Json]:
        """Return the responses to all requests of this client."""
        return [one for received in self.asked for one in received.responses]


@define(eq=False)
class ModernClient:
    """A client of the modern era."""

    rig: Line
    key: str | None = ADA
    asked: list[Received] = field(factory=list, init=False)

    def ask(self, message: JsonObject, **meta: Json) -> Received:
        """Send a request in its envelope."""
        received = self.rig.send_modern(modern(message, **meta), key=self.key)
        self.asked.append(received)
        return received

    def responses(self) -> list[Json]:
        """Return the responses to all requests of this client."""
        return [one for received in self.asked for one in received.responses]


@define(eq=False)
class BareClient:
    """A client that never opens a session: direct execution."""

    rig: Line
    key: str | None = ADA
    asked: list[Received] = field(factory=list, init=False)

    def ask(self, message: JsonObject) -> Received:
        """Send a request without a session."""
        received = self.rig.send(message, key=self.key)
        self.asked.append(received)
        return received

    def responses(self) -> list[Json]:
        """Return the responses to all requests of this client."""
        return [one for received in self.asked for one in received.responses]


@define(eq=False)
class StreamClient:
    """A client of HTTP+SSE, 2024-11-05."""

    rig: Line
    key: str | None = ADA
    last_event_id: str | None = None
    stream: Received = field(init=False)
    session: str = field(default="", init=False)

    def __attrs_post_init__(self) -> None:
        """Open the stream and read where to post."""
        last = self.last_event_id
        self.stream = self.rig.send(
            method="GET",
            route=Route.SSE,
            key=self.key,
            speaks="2024-11-05",
            with_headers={} if last is None else {"last-event-id": last},
        )
        where = self.stream.events[0].data.decode("ascii")
        self.session = where.removeprefix("/messages?sessionId=")

    def ask(self, message: Json) -> Received:
        """Post a message; its answer arrives on the stream."""
        self.stream.methods.update(methods_of(message))
        return self.rig.send(
            message,
            key=None,
            route=Route.MESSAGES,
            session=self.session,
            speaks="2024-11-05",
        )

    def responses(self) -> list[Json]:
        """Return the responses that arrived on the stream."""
        return list(self.stream.responses)


class RigTestCase(ClockedTestCase):
    """A test with a `Rig`, all of whose answers must fit their schemas."""

    clock: Clock
    rig: Rig

    def setUp(self) -> None:
        """Build the rig."""
        super().setUp()
        self.rig = self.make_rig()

    def make_rig(self, **settings: Any) -> Rig:
        """Return a rig whose answers are checked at the end of the test."""
        rig = Rig(self.clock, **settings)
        self.addCleanup(rig.check)
        return rig
