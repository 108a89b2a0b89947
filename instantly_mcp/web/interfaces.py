"""The interfaces of what the web application needs: a pipeline, a guard, facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from attrs import field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IPushProducer
from zope.interface import Interface

from .._json_codec import JsonObject
from ..pipeline.exchange import Exchange, Headers
from ..pipeline.replies.reply import Answer, Reply
from ..pipeline.visitors import Visitor
from ..protocol.wire.errors import ProtocolError

UNIX = "unix"
"""The peer address of a connection over a UNIX socket; also a trusted proxy's name."""


class PipelineRunner(Protocol):
    """The pipeline, as the web application uses it."""

    def run(self, exchange: Exchange) -> Deferred[Reply]:
        """Return the reply to an exchange. The only failure is ``CancelledError``."""


class ResponseWriter(Protocol):
    """The response to an HTTP request, as `Delivery` writes it."""

    method: bytes

    @property
    def gone(self) -> bool:
        """Whether the answer is complete or the client has left."""

    def start(
        self, status: int, headers: Sequence[tuple[str, str]], length: int | None
    ) -> None:
        """Send the status line and the headers. To be called once.

        :param length: of the body, in bytes; ``None`` for a stream.
        """

    def answer(self, answer: Answer, extra: Sequence[tuple[str, str]] = ()) -> None:
        """Send a complete answer; `finish` must follow.

        :param extra: more headers.
        """

    def write(self, data: bytes) -> object:
        """Send a part of a body."""

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> object:
        """Pause and resume `producer` as the connection can take bytes."""

    def unregisterProducer(self) -> object:
        """Stop pausing and resuming the producer."""

    def watch_reader(self) -> None:
        """Limit the time that the client may leave written bytes unread."""

    def settle(self) -> None:
        """Release everything that is not needed to go on writing and to end."""

    def finish(self) -> object:
        """End the response."""

    def abort(self) -> None:
        """Abort the connection."""


class Guard(Protocol):
    """Checks ``Origin`` and ``Host`` on routes outside of the pipeline."""

    def __call__(self, headers: Headers, here: IAddress) -> ProtocolError | None:
        """Return the error if a request must be refused.

        :param here: the server's end of its connection.
        """


class IsLocal(Protocol):
    """Recognizes sockets that only this machine can reach."""

    def __call__(self, here: IAddress) -> bool:
        """Say whether only this machine can reach the socket at `here`."""


class Recognize(Protocol):
    """Identifies callers of routes outside of MCP."""

    def __call__(
        self, headers: Headers, query: Mapping[str, Sequence[str]], address: str
    ) -> Visitor:
        """Identify the caller of a request.

        :param address: the client's address.
        """


class AllowedOrigin(Protocol):
    """The list of origins whose scripts may read the server's answers."""

    def __call__(self, origin: str) -> bool:
        """Say whether `origin` is on the list."""


NO_KEY_NEEDED = "no key is needed"
"""Listed among the ways of authentication if callers may send no key at all."""


@frozen(kw_only=True)
class Facts:
    """Facts about the daemon that rarely change.

    :param name: ``instantly-mcp``.
    :param mode: ``live`` or ``sandbox``.
    :param protocol_versions: newest first.
    :param tool_count: how many tools are offered.
    :param tools_hash: a digest of the names and schemas of these tools.
    :param capabilities: as declared in the answer to ``initialize``.
    :param features: short names of enabled features.
    :param authentication: the ways in which a key may be presented, preferred first.
    :param public_url: the public URL of the settings, without a trailing slash.
    :param prefix: the path of that URL; the paths of all pages begin with it.
    :param port: the port that is bound, once there is one.
    :param url: the URL of that port.
    :param prompts: how many prompts are offered.
    :param resources: how many resources and resource templates are offered.
    :param toolsets: the selected toolsets.
    :param limits: the limits of callers, by name; 0 for no limit.
    :param documentation_url: the operator's documentation.
    :param credential: what MCP clients present: ``none``, ``key``, ``token`` or
        ``secret``; see `clients.address.AUTH_HEADERS`.
    :param key_beside_secret: they present an Instantly key besides the server secret.
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
    tools_hash: str = ""
    limits: Mapping[str, int] = field(factory=dict)
    documentation_url: str | None = None
    credential: str = "none"
    key_beside_secret: bool = False


@frozen(kw_only=True)
class SeenClient:
    """An MCP client that this server has seen.

    :param client: its name and version as it states them, cleaned; see `client_label`.
    :param first_at: seconds since the epoch, as are `last_at` and `error_at`.
    :param requests: HTTP requests with MCP messages since `first_at`.
    :param error: the code of its last error; empty without one.
    """

    client: str
    first_at: float
    last_at: float
    requests: int
    error: str = ""
    error_at: float | None = None


@frozen(kw_only=True)
class Condition:
    """The state of the daemon at this moment.

    :param ready: it has started.
    :param draining: it finishes what is in flight before it stops.
    :param sessions: number of live legacy sessions.
    :param streams: number of open event streams.
    :param degraded: the parts that do not work well, by name, with a sentence each.
    """

    ready: bool
    draining: bool
    sessions: int
    streams: int
    degraded: Mapping[str, str]


class IStatus(Interface):
    """Source of the facts and the condition that status routes show."""

    def facts() -> Facts:
        """Return facts about the daemon."""

    def condition() -> Condition:
        """Return its present state. Must be cheap: probes ask every few seconds."""


class ISandboxView(Interface):
    """The sandbox, for its pages and its control requests."""

    def control(
        method: str, name: str, key: str, workspace: str | None, body: bytes
    ) -> Answer | None:
        """Answer a control request.

        :param name: what follows ``/sandbox/`` in the path.
        :param key: selects the workspace.
        :param workspace: the value of ``x-as-workspace``.
        :returns: ``None`` for an invalid key, or a request that does not exist.
        """

    def overview(key: str, first: int, most: int, since: str) -> JsonObject | None:
        """Return what the page shows of a workspace; ``None`` for an invalid key.

        :param first: how many of the newest mails are left out.
        :param most: how many mails are returned.
        :param since: a time as the API writes it; what happened later is counted.
        """
