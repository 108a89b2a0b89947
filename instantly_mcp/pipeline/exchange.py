"""The value that flows through the pipeline: one HTTP request, as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import TypedDict, Unpack

from attrs import field, frozen
from zope.interface import implementer

from .._credential import ANONYMOUS, Credential
from ..protocol.calls.session import FOREIGN, Lookup, McpSession
from ..protocol.interfaces import IHeaders
from ..protocol.wire.jsonrpc import Body, Broken
from ..protocol.wire.versions import Revision


class Route(Enum):
    """The MCP routes. The value is the template that logs and metrics show."""

    MCP = "/mcp"
    SSE = "/sse"
    MESSAGES = "/messages"


@implementer(IHeaders)
class Headers:
    """HTTP headers as text: names in lower case, values in latin-1, order kept.

    Immutable. Its ``repr`` shows names only: values may be keys.
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

    :param topic: short and constant, ``accept-repaired``, ``credential-from-query``.
    """

    topic: str


class Findings(TypedDict, total=False):
    """What stages find out about an exchange."""

    headers: Headers
    accepts_stream: bool
    accepts_json: bool
    credential: Credential | None
    session_id: str | None
    lookup: Lookup
    message: Body | Broken | None
    revision: Revision | None
    notes: tuple[Note, ...]


@frozen(kw_only=True, slots=False)
class Exchange:
    """One HTTP request on an MCP route and what the stages found out about it.

    From ``web``: `id`, `method`, `route`, `headers`, `query`, `path_key`, `body`,
    `peer` (client address, already through the trusted proxies), `received_at`
    (clock seconds), `local`. From the stages: the rest.

    :param local: it came in through a socket that only this machine can reach, while
        others are open to more.
    :param lookup: what the ``Mcp-Session-Id`` or ``sessionId`` of the request is to us.
    :param session_id: that id as it was presented.
    :param revision: the revision this message speaks, decided by `Decode`.
    :param accepts_stream: the client can read an event stream as the answer.
    :param accepts_json: the client can read JSON as the answer.
    """

    id: str
    method: str
    route: Route
    headers: Headers
    query: Mapping[str, Sequence[str]] = field(factory=dict, repr=False)
    path_key: str | None = field(default=None, repr=False)
    body: bytes = field(default=b"", repr=False)
    peer: str = ""
    received_at: float = 0.0
    local: bool = False
    accepts_stream: bool = True
    accepts_json: bool = True
    credential: Credential | None = None
    session_id: str | None = field(default=None, repr=False)
    lookup: Lookup = field(default=FOREIGN, repr=False)
    message: Body | Broken | None = field(default=None, repr=False)
    revision: Revision | None = None
    notes: tuple[Note, ...] = ()

    @property
    def session(self) -> McpSession | None:
        """The live legacy session, if the request belongs to one."""
        return self.lookup.session

    @property
    def principal(self) -> str:
        """The digest that the request acts as."""
        return ANONYMOUS if self.credential is None else self.credential.principal

    def knowing(self, **findings: Unpack[Findings]) -> Exchange:
        """Return the exchange with these findings in place of the last ones.

        As `attrs.evolve` does, but without looking at each field in turn: stages do
        this for every request. That is why it has no slots.
        """
        exchange = object.__new__(Exchange)
        vars(exchange).update(vars(self), **findings)
        return exchange

    def noting(self, topic: str) -> Exchange:
        """Return the exchange with one more note."""
        return self.knowing(notes=(*self.notes, Note(topic)))
