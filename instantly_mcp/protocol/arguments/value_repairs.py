"""Repairs of single values: words of a list, maps, and values without a schema."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from ..._json_codec import Json
from ..wire.jsonrpc import MAX_JSON_VALUES
from .schema_annotations import folded
from .text_values import ValueAllowance, read_text
from .validation import MAX_NAME_CHARS


@define
class RepairRun:
    """The repair of the arguments of one call.

    :param problems: sentences about arguments that contradict each other.
    """

    allowance: ValueAllowance = field(factory=lambda: ValueAllowance(MAX_JSON_VALUES))
    problems: list[str] = field(factory=list)


def whole(value: float) -> int | float:
    """Return a number without a fraction as an integer: 5 instead of 5.0.

    Not every reader of JSON takes 5.0 for an integer. From 2**53 on a float is not
    exact, and stays as it is.
    """
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def without_nulls(value: Json, run: RepairRun) -> Json:
    """Return a value that no schema describes, without members that are null."""
    if isinstance(value, dict):
        return {
            name: without_nulls(each, run)
            for name, each in value.items()
            if each is not None
        }
    if isinstance(value, list):
        return [without_nulls(each, run) for each in value]
    return value


@define(eq=False)
class OptionRepair:
    """A value out of a list: a word in another spelling, or a number as text."""

    words: Mapping[str, str]
    options: frozenset[tuple[type, Json]]
    types: frozenset[str]

    @classmethod
    def compile(cls, schema: Mapping[str, Json]) -> OptionRepair:
        """Return the repair for the schema's ``enum``."""
        options = schema["enum"]
        words: dict[str, str] = {}
        ambiguous = set()
        for word in options:
            if isinstance(word, str):
                spelled = folded(word)
                if words.setdefault(spelled, word) != word:
                    ambiguous.add(spelled)
        types = {"integer" for each in options if type(each) is int}
        types |= {"boolean" for each in options if isinstance(each, bool)}
        return cls(
            {each: word for each, word in words.items() if each not in ambiguous},
            frozenset((type(each), each) for each in options),
            frozenset(types),
        )

    def __call__(self, value: Json, run: RepairRun) -> Json:
        if isinstance(value, str) and (str, value) not in self.options:
            word = self.words.get(folded(value.strip()))
            if word is not None:
                return word
            read = read_text(value, self.types, run.allowance)
            if read is None or (type(read), read) in self.options:
                return read
        if type(value) is float and (int, value) in self.options:
            return whole(value)
        if type(value) is int and (int, value) not in self.options:
            return str(value) if (str, str(value)) in self.options else value
        return value


def from_entries(value: list[Json], run: RepairRun) -> Json:
    """Return the map that a list of ``{name, value}`` describes.

    An entry without a value says nothing. A list of anything else is returned
    unchanged.
    """
    found: dict[str, Json] = {}
    for entry in value:
        if not isinstance(entry, dict) or not {"name"} <= set(entry) <= {
            "name",
            "value",
        }:
            return value
        name, said = entry["name"], entry.get("value")
        if type(name) is int:
            name = str(name)
        if not isinstance(name, str) or not name:
            return value
        if said is None:
            continue
        if found.setdefault(name, said) != said:
            run.problems.append(f"{name[:MAX_NAME_CHARS]} is given twice.")
    return found
