"""The value that passes through the pipeline: one HTTP request, as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import TypedDict, Unpack

from attrs import field, frozen
from zope.interface import implementer

from .._credential import ANONYMOUS, Credential
from .._rights import ALL_RIGHTS, Rights
from ..protocol.calls.session import FOREIGN, McpSession, SessionLookup
from ..protocol.interfaces import IHeaders
from ..protocol.wire.jsonrpc import Body, InvalidMember
from ..protocol.wire.versions import Revision
from .mcp_path import NO_PATH, McpPath


class Route(Enum):
    """The MCP routes, by what is requested there.

    On ``/sse``, only the stream of HTTP+SSE has `SSE`; other requests have `MCP`.
    """

    MCP = "/mcp"
    SSE = "/sse"
    MESSAGES = "/messages"


@implementer(IHeaders)
class Headers:
    """HTTP headers as text: names in lower case, values decoded as latin-1, in order.

    Immutable. ``repr`` shows names only, because values may be keys.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values = values

    def all(self, name: str) -> Sequence[str]:
        """Return every value of `name` (in lower case), in order."""
        return self._values.get(name, ())

    def get(self, name: str) -> str | None:
        """Return the first value of `name` (in lower case), or ``None``."""
        values = self._values.get(name)
        return values[0] if values else None

    def with_value(self, name: str, value: str) -> Headers:
        """Return headers in which `name` has exactly this value."""
        return Headers({**self._values, name: (value,)})

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __repr__(self) -> str:
        return f"<Headers {' '.join(self._values)}>"


@frozen
class Note:
    """Something a stage did that an operator may want to know.

    :param topic: a short constant such as ``accept-repaired``.
    """

    topic: str


class ExchangeFacts(TypedDict, total=False):
    """The fields of an `Exchange` that stages may replace."""

    headers: Headers
    accepts_stream: bool
    accepts_json: bool
    credential: Credential | None
    rights: Rights
    session_id: str | None
    lookup: SessionLookup
    message: Body | InvalidMember | None
    revision: Revision | None
    notes: tuple[Note, ...]


@frozen(kw_only=True, slots=False)
class Exchange:
    """One HTTP request on an MCP route and what the stages found out about it.

    ``web`` fills in the fields up to and including `local`, the stages the rest.

    :param id: names the request in the log, unique among all requests of this process.
    :param path: what follows ``/mcp`` in the path.
    :param peer: the client's address, as seen through the trusted proxies.
    :param local: the request came in through a socket that only this machine can reach,
        while the server also has sockets that others can reach.
    :param rights: what the caller may do, narrowed by everything that narrows it.
    :param lookup: what the session store knows about `session_id`.
    :param session_id: the ``Mcp-Session-Id`` header or ``sessionId`` parameter, as
        sent.
    :param revision: the protocol revision of the message, decided by `Decode`.
    :param accepts_stream: the client can read an event stream as the answer.
    :param accepts_json: the client can read JSON as the answer.
    """

    id: str
    method: str
    route: Route
    headers: Headers
    query: Mapping[str, Sequence[str]] = field(factory=dict, repr=False)
    path: McpPath = NO_PATH
    body: bytes = field(default=b"", repr=False)
    peer: str = ""
    local: bool = False
    accepts_stream: bool = True
    accepts_json: bool = True
    credential: Credential | None = None
    rights: Rights = ALL_RIGHTS
    session_id: str | None = field(default=None, repr=False)
    lookup: SessionLookup = field(default=FOREIGN, repr=False)
    message: Body | InvalidMember | None = field(default=None, repr=False)
    revision: Revision | None = None
    notes: tuple[Note, ...] = ()

    @property
    def path_key(self) -> str | None:
        """The key in the path, as in ``/mcp/KEY``."""
        return self.path.key

    @property
    def session(self) -> McpSession | None:
        """The live legacy session, if the request belongs to one."""
        return self.lookup.session

    @property
    def principal(self) -> str:
        """Whom the request acts as: see `Credential`; without one, `ANONYMOUS`."""
        return ANONYMOUS if self.credential is None else self.credential.principal

    def with_facts(self, **facts: Unpack[ExchangeFacts]) -> Exchange:
        """Return a copy of the exchange with these fields replaced.

        Does what `attrs.evolve` does, faster: it does not look at each field in turn.
        Stages call it for every request. It needs instances without slots.
        """
        exchange = object.__new__(Exchange)
        vars(exchange).update(vars(self), **facts)
        return exchange

    def with_note(self, topic: str) -> Exchange:
        """Return a copy of the exchange with one more note."""
        return self.with_facts(notes=(*self.notes, Note(topic)))
