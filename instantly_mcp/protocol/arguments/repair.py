"""Repairs arguments that mean something certain, before they are validated.

Models and clients send ``null`` or ``""`` for what they do not mean, values as text,
names in other spellings, and members of their own. Each tool would have to handle all
of that; here it is handled once, guided by the schema of the accepted arguments:

- null is "not said" at every level, and so is ``""`` for an optional member; a member
  that is left without content by that is dropped too, unless it is required;
- ``[]`` and ``{}`` for an optional argument are "not said";
- but what a schema forbids to be empty (``minItems``, ``minLength``) is refused when it
  is: an empty selection or id must not become everything;
- a text that is exactly a value of the wanted type is taken as that value, and an
  integer as text where text is wanted;
- a single text where a list of texts is wanted is a list of one, unless it has a comma
  or a bracket;
- 5.0 is 5 where an integer is wanted;
- a name that equals a declared one but for case, spaces, ``_`` and ``-``, or is one of
  its old names, is taken as it;
- n8n adds five names of its own, which are dropped if the tool does not declare them;
- a map may be a list of ``{name, value}``.

A value that is valid and says something is never replaced. Whatever is not certain
stays as it is, for the validation to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from attrs import define
from jsonschema_rs import Draft202012Validator

from ..._json_codec import Json, JsonObject, dumps
from .schema_annotations import ALSO_NAMED, EMPTY_COUNTS, folded, is_map, types_of
from .text_values import NOT_A_VALUE, is_of, read_text
from .validation import MAX_NAME_CHARS, refuse_to_fetch
from .value_repairs import (
    OptionRepair,
    RepairRun,
    from_entries,
    whole,
    without_nulls,
)

N8N_NAMES = frozenset(("toolCallId", "sessionId", "action", "chatInput", "tool"))
"""Members that n8n's agent node adds to the arguments of every call."""

_ONE_TEXT = re.compile(
    r"(?!\s*(?:null|none|undefined|true|false)\s*\Z)\s*[^\s\"',;\[\]{}][^,;\[\]{}]*",
    re.IGNORECASE,
)
"""A text that is neither a list in some notation nor another JSON value."""

_TO_REPAIR = re.compile(rb'""|null|\[\]|\{\}|\.0[],}]')
"""What the JSON of valid arguments has if they need a repair: 5.0 is an integer."""

_PLAIN: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
"""The types of Python that are a type of JSON Schema in any case."""

Allows: TypeAlias = Callable[[Json], bool]

Repair: TypeAlias = Callable[[Json, RepairRun], Json]
"""Returns a value repaired; ``None`` if it says nothing."""


class ArgumentRepair:
    """The repair of one tool's arguments, compiled from their schema.

    :raises ValueError: if two declared names, old ones included, have one spelling.
    """

    def __init__(self, schema: Mapping[str, Json]) -> None:
        self._members = ObjectRepair.compile(schema, root=True)

    def repaired(self, arguments: JsonObject) -> tuple[JsonObject, list[str]]:
        """Return the repaired arguments, and sentences about contradictions.

        :param arguments: not nested deeper than ``MAX_DEPTH``, for this recurses.
        """
        run = RepairRun()
        return self._members(arguments, run), run.problems


def may_change(encoded: bytes) -> bool:
    """Return whether arguments that are valid may still need a repair.

    Valid arguments can only have nulls, empty values and fractions of nothing too
    many, which their JSON shows faster than a walk through them.
    """
    if encoded == b"{}":
        return False
    return _TO_REPAIR.search(encoded) is not None


def compiled(schema: Json) -> Repair:
    """Return the repair of a value with this schema."""
    if not isinstance(schema, Mapping):
        return without_nulls
    if "enum" in schema:
        return OptionRepair.compile(schema)
    types = types_of(schema)
    if not types:
        branches = schema.get("anyOf") or schema.get("oneOf")
        return BranchRepair.compile(branches) if branches else without_nulls
    members = ObjectRepair.compile(schema) if "object" in types else None
    items = compiled(schema.get("items")) if "array" in types else None
    plain = _plain_types(schema.get("items"))
    texts = "array" in types and types_of(schema.get("items") or {}) == {"string"}
    return TypedRepair(types, members, items, plain, is_map(schema), texts)


def allows(schema: Json) -> Allows:
    """Return whether a part of a schema allows a value.

    A part with references cannot be compiled without the rest: it allows all values,
    so that none is replaced.
    """
    if b'"$ref"' in dumps(schema):
        return lambda value: True
    return Draft202012Validator(schema, retriever=refuse_to_fetch).is_valid


@define(eq=False)
class TypedRepair:
    """A value whose schema names its types."""

    types: frozenset[str]
    members: ObjectRepair | None
    items: Repair | None
    plain_items: frozenset[type]
    takes_entries: bool
    takes_texts: bool

    def __call__(self, value: Json, run: RepairRun) -> Json:
        if self.members is not None and isinstance(value, dict):
            return self.members(value, run)
        if type(value) is float:
            return self._without_fraction(value)
        if not is_of(value, self.types):
            value = self._converted(value, run)
        if self.takes_entries and isinstance(value, list):
            value = from_entries(value, run)
        if self.members is not None and isinstance(value, dict):
            return self.members(value, run)
        if self.items is not None and isinstance(value, list):
            plain, items = self.plain_items, self.items
            return [
                each if each is None or type(each) in plain else items(each, run)
                for each in value
            ]
        return value

    def _converted(self, value: Json, run: RepairRun) -> Json:
        if isinstance(value, str):
            wanted = self.types | {"array"} if self.takes_entries else self.types
            read = read_text(value, wanted, run.allowance)
            if read is not NOT_A_VALUE:
                return read
            return [value] if self.takes_texts and _ONE_TEXT.fullmatch(value) else value
        if type(value) is int and "string" in self.types:
            return str(value)
        return value

    def _without_fraction(self, value: float) -> Json:
        wants_integer = "integer" in self.types and "number" not in self.types
        return whole(value) if wants_integer else value


@define(eq=False)
class BranchRepair:
    """A value for which a schema has alternatives; the first that fits is taken."""

    branches: list[tuple[Repair, Allows]]

    @classmethod
    def compile(cls, branches: list[Json]) -> BranchRepair:
        """Return the repair for the branches of ``anyOf`` or ``oneOf``."""
        return cls([(compiled(each), allows(each)) for each in branches])

    def __call__(self, value: Json, run: RepairRun) -> Json:
        # A stable sort: what is valid as it is comes first.
        ordered = sorted(self.branches, key=lambda each: not each[1](value))
        for repair, allowed in ordered:
            attempt = RepairRun(run.allowance)
            repaired = repair(value, attempt)
            if repaired is not None and allowed(repaired):
                run.problems.extend(attempt.problems)
                return repaired
        return value


@define(eq=False)
class ObjectRepair:
    """The members of an object.

    :param plain: the types of values that need no repair, unless they are empty.
    :param named: the declared name of each old or folded one.
    :param droppable: the members whose empty text means that nothing was said.
    :param selections: the lists that must not be empty.
    :param others: the repair of members that are not declared.
    """

    members: Mapping[str, Repair]
    plain: Mapping[str, frozenset[type]]
    named: Mapping[str, str]
    required: frozenset[str]
    droppable: frozenset[str]
    selections: frozenset[str]
    others: Repair
    root: bool

    @classmethod
    def compile(cls, schema: Mapping[str, Json], *, root: bool = False) -> ObjectRepair:
        """Return the repair for the members of an object.

        :param root: these are the arguments of a tool.
        """
        members: Mapping[str, Any] = schema.get("properties") or {}
        required = frozenset(schema.get("required") or ())
        selections = {n for n, each in members.items() if _minimum_items(each)}
        droppable = {
            name
            for name, each in members.items()
            if name not in selections and _may_drop_text(each, name in required)
        }
        return cls(
            {name: compiled(each) for name, each in members.items()},
            {name: _plain_types(each) for name, each in members.items()},
            _names(members),
            required,
            frozenset(droppable),
            frozenset(selections),
            compiled(schema.get("additionalProperties")),
            root,
        )

    def __call__(self, value: JsonObject, run: RepairRun) -> JsonObject:
        kept: dict[str, Json] = {}
        other_names: dict[str, str] = {}
        for given, each in value.items():
            plain = self.plain.get(given)
            if plain and type(each) in plain and each != "" and given not in kept:
                kept[given] = each
                continue
            name = given
            if self.named and given not in self.members:
                name = self.named.get(folded(given), given)
            said = self._said(name, each, run)
            if said is None:
                continue
            if kept.setdefault(name, said) != said:
                first = other_names.get(name, name)[:MAX_NAME_CHARS]
                run.problems.append(
                    f"{first} and {given[:MAX_NAME_CHARS]} both mean {name}, "
                    "with different values."
                )
            other_names.setdefault(name, given)
        return kept

    def _said(self, name: str, value: Json, run: RepairRun) -> Json:
        """Return the repaired value of a member, or ``None`` if it says nothing."""
        if value is None or (value == "" and name in self.droppable):
            return None
        repair = self.members.get(name)
        if repair is None:
            if self.root and name in N8N_NAMES:
                return None
            return self.others(value, run)
        said = repair(value, run)
        if said in ([], {}) and name not in self.required:
            emptied = said == {} and value not in ([], {})
            if emptied or (self.root and name not in self.selections):
                return None
        return said


def _plain_types(schema: Json) -> frozenset[type]:
    """Return the types whose values need no repair, unless they are empty text."""
    if not isinstance(schema, Mapping) or "enum" in schema:
        return frozenset()
    return frozenset(kind for name in types_of(schema) for kind in _PLAIN.get(name, ()))


def _may_drop_text(schema: Json, required: bool) -> bool:
    """Return whether empty text for a member means that nothing was said.

    For a required member it does if it is not valid: it is then reported as missing.
    """
    valid = allows(schema)("")
    if required or not isinstance(schema, Mapping):
        return not valid
    takes_text = "string" in types_of(schema) and "enum" not in schema
    return not schema.get(EMPTY_COUNTS) and (valid or not takes_text)


def _minimum_items(schema: Json) -> bool:
    return isinstance(schema, Mapping) and bool(schema.get("minItems"))


def _names(members: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the declared name of each other spelling, folded.

    :raises ValueError: if a spelling could mean two of them.
    """
    found: dict[str, str] = {}
    for name, schema in members.items():
        old = schema.get(ALSO_NAMED, ()) if isinstance(schema, Mapping) else ()
        for spelling in {folded(each) for each in (name, *old)}:
            if found.setdefault(spelling, name) != name:
                raise ValueError(f"{spelling} may mean {found[spelling]} or {name}")
    return found
