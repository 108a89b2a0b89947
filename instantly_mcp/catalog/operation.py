"""The classes with which the catalog describes an operation of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from math import ceil, inf

from attrs import field, frozen

from .._json_codec import Json, JsonObject
from .address_lists import addresses_in
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
    """What an operation can do that an operator may want to allow, or not.

    :cvar SENDS: sends mail to people, or starts sending.
    :cvar SPENDS: costs credits or money.
    :cvar DESTRUCTIVE: deletes one object permanently.
    :cvar MASS: deletes all objects that a filter or a search selects.
    :cvar EGRESS: sends data of the workspace to an address outside.
    :cvar REDIRECTS: adds a recipient, or changes where answers and clicks go.
    :cvar ADMIN: changes keys, members, owners, or billing.
    """

    SENDS = "sends"
    SPENDS = "spends"
    DESTRUCTIVE = "destructive"
    MASS = "mass"
    EGRESS = "egress"
    REDIRECTS = "redirects"
    ADMIN = "admin"


@frozen
class Through:
    """The object through which an operation can reach a running campaign.

    :param kind: ``campaign``, ``lead``, or ``account``.
    :param parameter: the parameter that names the object; without it, or with
        ``null``, the operation reaches no campaign.
    :param by: only calls that give one of these parameters, with any value, reach the
        campaign; every call does if it is empty.
    """

    kind: str
    parameter: str
    by: tuple[str, ...] = ()


@frozen(kw_only=True)
class Amount:
    """How much a call counts against a cap of the operator.

    :param least: what every call counts.
    :param plus: added to what the parameters say.
    :param items_of: parameters whose items count: members of a list, or the addresses
        in a text.
    :param value_of: a parameter whose value is a number of objects.
    :param when: only calls that give one of these parameters count.
    """

    least: int = 1
    plus: int = 0
    items_of: tuple[str, ...] = ()
    value_of: str = ""
    when: tuple[str, ...] = ()

    def of(self, arguments: JsonObject) -> int:
        """Return how much a call with these arguments counts."""
        if self.when and not any(arguments.get(name) for name in self.when):
            return 0
        items = sum(_items_in(arguments.get(name)) for name in self.items_of)
        objects = _number(arguments.get(self.value_of))
        return max(self.least, self.plus + items, objects)

    def is_open(self, arguments: JsonObject) -> bool:
        """Say whether a call with these arguments can count any number.

        That is so if it selects its objects, and neither names nor limits them.
        """
        if not self.value_of or _number(arguments.get(self.value_of)):
            return False
        return not any(_items_in(arguments.get(name)) for name in self.items_of)


ONE = Amount()


def _number(value: Json) -> int:
    """Return a positive number, rounded up; 0 for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return ceil(value) if 0 < value < inf else 0


def _items_in(value: Json) -> int:
    if isinstance(value, list | tuple):
        return sum(max(1, _items_in(each)) for each in value)
    return sum(1 for _ in addresses_in(value))


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


def _classes(risks: Iterable[Risk]) -> frozenset[Risk]:
    return frozenset(risks)


def _names(names: Iterable[str]) -> frozenset[str]:
    return frozenset(names)


@frozen(kw_only=True)
class Operation:
    """One operation of the Instantly API v2.

    :param id: the operationId in the vendor's OpenAPI document.
    :param path: the path template, such as ``/api/v2/campaigns/{id}``.
    :param risks: the risk classes that every call has; see `risks_with`.
    :param risks_of: the class that a call has when it gives a parameter a value.
    :param emptied: those of them for which to take a value away is a change of the same
        class: without its own reply-to an account gets the answers itself.
    :param sends_if_active: a call also sends if this object's campaign is active, such
        as adding a lead to it.
    :param spends_if_enriching: the parameter that names a list: a call also spends if
        that list enriches each lead that is added to it.
    :param stops: it only ends sending, which needs no confirmation.
    :param amounts: what a call counts against the operator's caps, by the name of the
        cap: mails, activations, leads, deletions, credits, recipients.
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
    scopes: tuple[str, ...]
    risks: frozenset[Risk] = field(default=frozenset(), converter=_classes)
    risks_of: Mapping[str, Risk] = field(factory=dict)
    emptied: frozenset[str] = field(default=frozenset(), converter=_names)
    sends_if_active: Through | None = None
    spends_if_enriching: str = ""
    stops: bool = False
    amounts: Mapping[str, Amount] = field(factory=dict)
    parameters: tuple[Parameter, ...] = ()
    limit: Limit | None = None
    reply: ReplySchema = field(default=ReplySchema(), repr=False)
    first_byte_seconds: float = 30.0
    by_name: Mapping[str, Parameter] = field(init=False, repr=False, eq=False)

    @property
    def reads_many(self) -> bool:
        """Whether it reads a list or a sum, so that its path names no object."""
        return self.effect.read_only and "{" not in self.path

    def risks_with(self, arguments: JsonObject) -> frozenset[Risk]:
        """Return the risk classes of a call with these arguments.

        It does not know whether a campaign is active; see `sends_if_active`.
        """
        if not self.risks_of:
            return self.risks
        return self.risks.union(risk for _, risk in self.risky_given(arguments))

    def risky_given(self, arguments: JsonObject) -> Sequence[tuple[str, Risk]]:
        """Return the parameters that give a call with these arguments a class."""
        return [
            (name, risk)
            for name, risk in self.risks_of.items()
            if arguments.get(name) or (name in arguments and name in self.emptied)
        ]

    def amounts_with(self, arguments: JsonObject) -> Mapping[str, int]:
        """Return what a call with these arguments counts, by the name of the cap."""
        counted = {cap: amount.of(arguments) for cap, amount in self.amounts.items()}
        return {cap: number for cap, number in counted.items() if number > 0}

    def open_amounts_with(self, arguments: JsonObject) -> frozenset[str]:
        """Return the caps against which such a call can count any number."""
        return frozenset(
            n for n, each in self.amounts.items() if each.is_open(arguments)
        )

    @property
    def can_be_risky(self) -> bool:
        """Whether a call of it can have any risk class."""
        indirect = self.sends_if_active or self.spends_if_enriching
        return bool(self.risks or self.risks_of or indirect)

    @by_name.default
    def _index_parameters(self) -> Mapping[str, Parameter]:
        return {parameter.name: parameter for parameter in self.parameters}
