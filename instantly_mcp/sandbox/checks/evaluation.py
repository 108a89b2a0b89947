"""Evaluates assertions on a list of JSON objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..._json_codec import Json, JsonObject
from .syntax import (
    Comparison,
    CountOf,
    Expression,
    FieldOf,
    Junction,
    Literal,
    Negation,
    Quantified,
)

NO_ITEM: JsonObject = {}
"""Takes the place of the item of an empty list: all of its fields are null."""


def failing(expression: Expression, items: Sequence[JsonObject]) -> Sequence[int]:
    """Return the indices of the items for which an expression does not hold.

    An expression about an empty list that does not hold fails at index 0.
    """
    shown = items or (NO_ITEM,)
    return [
        index for index, item in enumerate(shown) if not _holds(expression, item, items)
    ]


def _holds(
    expression: Expression, item: JsonObject, items: Sequence[JsonObject]
) -> bool:
    match expression:
        case Comparison(left, operator, right):
            return _compare(_value(left, item, items), operator, right)
        case Quantified(quantifier, condition):
            return bool(_count(condition, items)) == (quantifier == "any")
        case Negation(condition):
            return not _holds(condition, item, items)
        case Junction("and", parts):
            return all(_holds(part, item, items) for part in parts)
        case Junction(_, parts):
            return any(_holds(part, item, items) for part in parts)


def _value(
    left: FieldOf | CountOf, item: JsonObject, items: Sequence[JsonObject]
) -> Json:
    if isinstance(left, CountOf):
        if left.condition is None:
            return len(items)
        return _count(left.condition, items)
    value: Json = item
    for name in left.path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _count(condition: Expression, items: Sequence[JsonObject]) -> int:
    return sum(_holds(condition, item, items) for item in items)


def _compare(value: Json, operator: str, wanted: Literal) -> bool:
    match operator:
        case "==":
            return _equal(value, wanted)
        case "!=":
            return not _equal(value, wanted)
        case "contains":
            return _contains(value, wanted)
        case "in":
            members = wanted if isinstance(wanted, tuple) else (wanted,)
            return any(_equal(value, member) for member in members)
        case _:
            return _in_order(value, operator, wanted)


def _equal(value: Json, wanted: Literal) -> bool:
    """Compare; a list of one item also equals that item."""
    if isinstance(value, list):
        members = wanted if isinstance(wanted, tuple) else (wanted,)
        return len(value) == len(members) and all(map(_equal, value, members))
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return bool(value == wanted)


def _contains(value: Json, wanted: Literal) -> bool:
    if isinstance(value, list):
        return any(_equal(member, wanted) for member in value)
    return isinstance(value, str) and isinstance(wanted, str) and wanted in value


def _in_order(value: Json, operator: str, wanted: Literal) -> bool:
    numbers = _is_number(value) and _is_number(wanted)
    if not numbers and not (isinstance(value, str) and isinstance(wanted, str)):
        return False
    left: Json = value
    right: Json = wanted
    match operator:
        case "<":
            return bool(left < right)
        case ">":
            return bool(left > right)
        case "<=":
            return bool(left <= right)
        case _:
            return bool(left >= right)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
