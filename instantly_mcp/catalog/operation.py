"""The words in which the catalog describes an API operation. No I/O, no MCP."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from attrs import field, frozen

from .reply import Reply


class Place(Enum):
    """Where a parameter travels in the HTTP request."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"


class ArrayStyle(Enum):
    """How a list is written into a query string."""

    REPEAT = "repeat"
    COMMA = "comma"


class Risk(Enum):
    """What goes wrong when the operation is called by mistake."""

    READ = "read"
    READ_SECRET = "read-secret"
    WRITE = "write"
    SENDS = "sends"
    SPENDS = "spends"
    DESTRUCTIVE = "destructive"
    ADMIN = "admin"


@frozen(kw_only=True)
class Effect:
    """What repeating or undoing the operation means.

    :param read_only: changes nothing in the workspace.
    :param idempotent: calling twice leaves what calling once leaves; only such calls
        are ever retried.
    :param destructive: may remove or overwrite something for good.
    :param sends_email: real mail leaves, or starts to leave.
    :param spends: costs credits or money.
    """

    read_only: bool
    idempotent: bool
    destructive: bool = False
    sends_email: bool = False
    spends: bool = False


READ = Effect(read_only=True, idempotent=True)
WRITE = Effect(read_only=False, idempotent=False)
WRITE_AGAIN = Effect(read_only=False, idempotent=True)


@frozen(kw_only=True)
class Limit:
    """A rate limit of one operation for a workspace: `calls` in `seconds`."""

    calls: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.calls} in {self.seconds:g} s"


@frozen(kw_only=True)
class Parameter:
    """One named value of an operation, as the API itself spells it.

    :param schema: a JSON Schema (2020-12) fragment, complete with its limits.
    """

    name: str
    place: Place
    schema: Mapping[str, Any]
    required: bool = False
    style: ArrayStyle = ArrayStyle.REPEAT


@frozen(kw_only=True)
class Operation:
    """One call of the Instantly API v2.

    :param id: the vendor's operationId.
    :param path: the template below the host, ``/api/v2/campaigns/{id}``.
    :param scopes: key scopes of which any one suffices.
    :param limit: a limit of its own, below the workspace's.
    :param reply: what it answers, as far as that is read.
    :param first_byte_seconds: how long the API may think before it answers.
    """

    id: str
    method: str
    path: str
    summary: str
    effect: Effect
    risk: Risk
    scopes: tuple[str, ...]
    toolset: str
    parameters: tuple[Parameter, ...] = ()
    limit: Limit | None = None
    reply: Reply = field(default=Reply(), repr=False)
    first_byte_seconds: float = 30.0
    by_name: Mapping[str, Parameter] = field(init=False, repr=False, eq=False)

    @property
    def paged(self) -> bool:
        """Whether it lists things page by page, behind a cursor."""
        return "starting_after" in self.by_name

    @by_name.default
    def _index_parameters(self) -> Mapping[str, Parameter]:
        return {parameter.name: parameter for parameter in self.parameters}
