"""The classes with which the catalog describes an operation of the API."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from attrs import field, frozen

from .._json_codec import JsonObject
from .reply import ReplySchema


class Place(Enum):
    """The part of the HTTP request that contains a parameter."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"


class ArrayStyle(Enum):
    """How a list is written in a query string: ``a=1&a=2`` or ``a=1,2``."""

    REPEAT = "repeat"
    COMMA = "comma"


class Risk(Enum):
    """The worst effect of calling an operation by mistake.

    :cvar SENDS: sends real mail, or starts sending.
    :cvar SPENDS: costs credits or money.
    :cvar DESTRUCTIVE: may delete or overwrite something permanently.
    """

    READ = "read"
    WRITE = "write"
    SENDS = "sends"
    SPENDS = "spends"
    DESTRUCTIVE = "destructive"


@frozen(kw_only=True)
class Effect:
    """What an operation changes, and whether it can be repeated or undone.

    :param read_only: changes nothing in the workspace.
    :param idempotent: calling it twice has the effect of calling it once. Only such
        operations are retried.
    :param destructive: may delete or overwrite something permanently.
    """

    read_only: bool
    idempotent: bool
    destructive: bool = False


READ = Effect(read_only=True, idempotent=True)
WRITE = Effect(read_only=False, idempotent=False)
WRITE_AGAIN = Effect(read_only=False, idempotent=True)


@frozen(kw_only=True)
class Limit:
    """A rate limit for a workspace: `calls` in any `seconds`."""

    calls: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.calls} in {self.seconds:g} s"


@frozen(kw_only=True)
class Parameter:
    """One parameter of an operation.

    :param name: as in the API.
    :param schema: a JSON Schema (2020-12) fragment with all limits.
    :param style: how a list is written, for a query parameter.
    """

    name: str
    place: Place
    schema: JsonObject
    required: bool = False
    style: ArrayStyle = ArrayStyle.REPEAT


@frozen(kw_only=True)
class Operation:
    """One operation of the Instantly API v2.

    :param id: the operationId in the vendor's OpenAPI document.
    :param path: the path template, such as ``/api/v2/campaigns/{id}``.
    :param scopes: the key scopes of which any one suffices.
    :param limit: its own rate limit, besides that of the workspace.
    :param reply: the members of the reply that are used.
    :param first_byte_seconds: deadline for the beginning of the reply.
    """

    id: str
    method: str
    path: str
    summary: str
    effect: Effect
    risk: Risk
    scopes: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    limit: Limit | None = None
    reply: ReplySchema = field(default=ReplySchema(), repr=False)
    first_byte_seconds: float = 30.0
    by_name: Mapping[str, Parameter] = field(init=False, repr=False, eq=False)

    @property
    def reads_many(self) -> bool:
        """Whether it reads a list or a sum, so that its path names no object."""
        return self.effect.read_only and "{" not in self.path

    @by_name.default
    def _index_parameters(self) -> Mapping[str, Parameter]:
        return {parameter.name: parameter for parameter in self.parameters}
