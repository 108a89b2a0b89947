"""What the web needs from others: a pipeline, a guard, and the daemon's facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from attrs import field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IPushProducer
from zope.interface import Interface

from .._json import Json, JsonObject
from ..pipeline.exchange import Exchange, Headers
from ..pipeline.reply import Answer, Reply
from ..pipeline.visitors import Visitor

UNIX = "unix"
"""The peer of a connection over a UNIX socket, and its name as a trusted proxy."""


class Runner(Protocol):
    """The pipeline, as the web sees it."""

    def run(self, exchange: Exchange) -> Deferred[Reply]:
        """Answer the exchange. Fails with nothing but ``CancelledError``."""


class Response(Protocol):
    """The side of an HTTP request that is written to."""

    method: bytes

    @property
    def gone(self) -> bool:
        """The answer is complete, or there is nobody left to read it."""

    def start(
        self, status: int, headers: Sequence[tuple[str, str]], length: int | None
    ) -> None:
        """Send the head. Once."""

    def answer(self, answer: Answer, extra: Sequence[tuple[str, str]] = ()) -> None:
        """Send a complete answer, but for its end."""

    def write(self, data: bytes) -> object:
        """Send a part of a body."""

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> object:
        """Let `producer` be told when to pause."""

    def unregisterProducer(self) -> object:
        """Tell the producer nothing more."""

    def watch_reader(self) -> None:
        """Limit the time that the client may leave what was written unread."""

    def settle(self) -> None:
        """Keep no more than is needed to write on and to end."""

    def finish(self) -> object:
        """End what was started."""

    def abort(self) -> None:
        """Cut the connection."""


class ErrorLike(Protocol):
    """A protocol error, as far as the web can see into it."""

    @property
    def code(self) -> int:
        """The JSON-RPC error code."""

    @property
    def message(self) -> str:
        """A sentence for people."""

    @property
    def data(self) -> Json:
        """More, for programs."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """HTTP headers that belong to the error."""


class Guard(Protocol):
    """The check of ``Origin`` and ``Host`` that routes outside the pipeline need."""

    def __call__(self, headers: Headers, here: IAddress) -> ErrorLike | None:
        """Return what is wrong with where the request comes from, if anything.

        :param here: our end of its connection.
        """


class IsLocal(Protocol):
    """Knows the sockets that only this machine can reach."""

    def __call__(self, here: IAddress) -> bool:
        """Say whether a connection whose end `here` is ours came through one."""


class Recognize(Protocol):
    """Tells who asks for something outside of MCP."""

    def __call__(
        self, headers: Headers, query: Mapping[str, Sequence[str]], address: str
    ) -> Visitor:
        """Look at a request for the server secret.

        :param address: of the client.
        """


class AllowedOrigin(Protocol):
    """The list of origins whose scripts may read our answers."""

    def __call__(self, origin: str) -> bool:
        """Say whether `origin` is on the list."""


NO_KEY_NEEDED = "no key is needed"
"""Stands among the ways of authentication where callers may go without."""


@frozen(kw_only=True)
class Facts:
    """What the daemon can say about itself; the same for hours.

    :param name: ``instantly-mcp``.
    :param mode: ``live`` or ``sandbox``.
    :param protocol_versions: newest first.
    :param capabilities: as the protocol core declares them.
    :param features: short names of what is switched on.
    :param authentication: the ways in which a key may be presented.
    :param public_url: without a trailing slash, if the operator named one.
    :param prefix: the path of that URL; the paths of all pages begin with it.
    :param port: the port really bound, once there is one.
    :param url: where that port is reached.
    :param prompts: how many prompts are offered.
    :param resources: how many resources and resource templates are offered.
    :param toolsets: what was chosen of the tools.
    :param limits: what a caller is held to, by name; 0 for no limit.
    :param documentation_url: where the operator's documentation is.
    """

    name: str
    title: str
    description: str
    version: str
    mode: str
    protocol_versions: Sequence[str]
    tool_count: int
    capabilities: JsonObject
    features: Sequence[str]
    authentication: Sequence[str]
    public_url: str | None = None
    prefix: str = ""
    port: int | None = None
    url: str | None = None
    prompts: int = 0
    resources: int = 0
    toolsets: Sequence[str] = ()
    limits: Mapping[str, int] = field(factory=dict)
    documentation_url: str | None = None


@frozen(kw_only=True)
class Condition:
    """How the daemon is at this moment.

    :param sessions: live legacy sessions.
    :param streams: open event streams.
    :param degraded: what works badly, by name, with a sentence each.
    """

    ready: bool
    draining: bool
    sessions: int
    streams: int
    degraded: Mapping[str, str]


class IStatus(Interface):
    """The daemon, as the status routes see it."""

    def facts() -> Facts:
        """Return what the daemon is."""

    def condition() -> Condition:
        """Return how it is now. Cheap: probes ask every few seconds."""


class Window(Protocol):
    """What may be seen of the simulated Instantly behind the daemon."""

    def outbox(self, key: str) -> JsonObject | None:
        """Return the mail that one key would have sent, ``None`` for a foreign key."""

    def reset(self, key: str) -> JsonObject | None:
        """Let one key's world begin anew, ``None`` for a foreign key."""


class Gauge(Protocol):
    """Where the web reports each finished request."""

    def exchange(self, route: str, status: int, seconds: float) -> None:
        """One request on `route` (a template) was answered after so long."""
