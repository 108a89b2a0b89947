"""Hypothesis strategies for requests, derived from the catalog: valid or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen
from hypothesis import strategies as st

from instantly_mcp.catalog.operation import Operation, Parameter, Place

Strategy = st.SearchStrategy[Any]

ODD_TEXTS = (
    "",
    "yes",
    "0",
    "-1",
    "é\u0000",
    "2026-11-02",
    "2026-13-45",
    "0001-01-01",
    "9999-12-31",
    "2026-11-02T09:00:00+23:59",
    "a@example.org",
    "A@EXAMPLE.ORG, b@example.org",
    "00000000-0000-7000-8000-000000000000",
    "x" * 300,
    "thread:",
    "a,,b",
    "{{firstName}}",
)
ODD_NUMBERS = (0, 1, -1, 2, 100, 1_000_001, 10**12, 10**30, -(10**30), 0.5, -0.5, 1e300)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(ODD_NUMBERS),
    st.sampled_from(ODD_TEXTS),
    st.just([]),
    st.just({}),
    st.lists(st.sampled_from((*ODD_TEXTS, *ODD_NUMBERS, None, True)), max_size=3),
    st.dictionaries(st.sampled_from(("0", "html", "name", "é")), st.none(), max_size=2),
)
"""JSON values that are of the wrong type, too large or empty somewhere."""

Known = Mapping[str, Sequence[str]]


@frozen(kw_only=True)
class AnyRequest:
    """A request for an operation: its path below ``/api/v2``, query and body."""

    method: str
    path: Mapping[str, str]
    template: str
    query: Mapping[str, Any]
    body: Any


def requests(operation: Operation, known: Known) -> st.SearchStrategy[AnyRequest]:
    """Return requests for an operation, one in two as documented.

    :param known: by the name of a parameter, values that name something.
    """
    kinds = [Kinds(operation, known, odds) for odds in (0, 0, 1, 3)]
    return st.one_of([each.requests() for each in kinds])


def requests_as_documented(
    operation: Operation, known: Known
) -> st.SearchStrategy[AnyRequest]:
    """Return requests that fit the schemas; their values may still be absurd."""
    return Kinds(operation, known, 0).requests()


@frozen
class Kinds:
    """Makes requests of one kind.

    :param odds: how many of twenty values are odd.
    """

    operation: Operation
    known: Known
    odds: int

    def requests(self) -> st.SearchStrategy[AnyRequest]:
        """Return the requests."""
        return st.builds(
            AnyRequest,
            method=st.just(self.operation.method),
            template=st.just(self.operation.path.removeprefix("/api/v2")),
            path=self._members(Place.PATH, ODD),
            query=self._members(Place.QUERY, st.sampled_from(ODD_TEXTS)),
            body=self._body(),
        )

    def _body(self) -> Strategy:
        placed = [each.place for each in self.operation.parameters]
        if Place.BODY not in placed:
            return st.none()
        return self._mostly(self._members(Place.BODY, ODD), ODD)

    def _members(self, place: Place, odd: Strategy) -> Strategy:
        placed = [each for each in self.operation.parameters if each.place is place]
        parts = {each.name: self._value(each, odd) for each in placed}
        needed = {each.name for each in placed if each.required or place is Place.PATH}
        return _object(parts, needed)

    def _value(self, parameter: Parameter, odd: Strategy) -> Strategy:
        documented = self._of_schema(parameter.schema, odd)
        names = self.known.get(parameter.name)
        if names:
            named: Strategy = st.sampled_from(names)
            if parameter.schema.get("type") == "array":
                named = st.lists(named, max_size=3)
            documented = st.one_of(named, named, named, documented)
        if parameter.place is Place.PATH:
            return documented.map(lambda value: str(value) or "-")
        return self._mostly(documented, odd)

    def _mostly(self, documented: Strategy, odd: Strategy) -> Strategy:
        if not self.odds:
            return documented
        random = st.integers(0, 19)
        return random.flatmap(lambda one: odd if one < self.odds else documented)

    def _of_schema(self, schema: Mapping[str, Any], odd: Strategy) -> Strategy:
        if "enum" in schema:
            return st.sampled_from(tuple(schema["enum"]))
        kinds = schema.get("type", ())
        if isinstance(kinds, str):
            kinds = (kinds,)
        each = [self._of_kind(kind, schema, odd) for kind in kinds]
        return st.one_of(each) if each else odd

    def _of_kind(self, kind: str, schema: Mapping[str, Any], odd: Strategy) -> Strategy:
        match kind:
            case "object":
                return self._object_of(schema, odd)
            case "array":
                item = self._mostly(self._of_schema(schema.get("items", {}), odd), odd)
                return st.lists(item, min_size=schema.get("minItems", 0), max_size=3)
            case "boolean":
                return st.booleans()
            case "integer" | "number":
                return _number(kind, schema)
            case "null":
                return st.none()
            case _:
                return _text(schema)

    def _object_of(self, schema: Mapping[str, Any], odd: Strategy) -> Strategy:
        members = schema.get("properties", {})
        if not members:
            value = st.sampled_from(("Riga", 1, True, None))
            names = st.sampled_from(("city", "é", ""))
            return st.dictionaries(names, self._mostly(value, odd), max_size=2)
        parts = {
            name: self._mostly(self._of_schema(one, odd), odd)
            for name, one in members.items()
        }
        return _object(parts, set(schema.get("required", ())))


def _object(parts: Mapping[str, Strategy], needed: set[str]) -> Strategy:
    always = {name: part for name, part in parts.items() if name in needed}
    rest = {name: part for name, part in parts.items() if name not in needed}
    return st.fixed_dictionaries(always, optional=rest)


def _number(kind: str, schema: Mapping[str, Any]) -> Strategy:
    low, high = schema.get("minimum", -3), schema.get("maximum", 10**15)
    fair = [
        number
        for number in ODD_NUMBERS
        if low <= number <= high and (kind == "number" or number == int(number))
    ]
    near = st.integers(low, min(high, low + 50))
    return st.one_of(st.sampled_from(fair or [low]), near)


def _text(schema: Mapping[str, Any]) -> Strategy:
    pattern = schema.get("pattern", "")
    texts: Sequence[str]
    match schema.get("format"):
        case "email":
            texts = ("a@example.org", "B@example.org", "nora@hale.example.com")
        case "date":
            texts = ("2026-11-02", "0001-01-01", "9999-12-31", "2026-11-05")
        case "date-time":
            texts = ("2026-11-02T09:00:00Z", "9999-12-31T23:59:59-01:00")
        case _ if ":" in pattern:
            texts = ("00:00", "09:00", "17:30", "23:59")
        case _:
            texts = ODD_TEXTS
    return st.sampled_from(texts)
