"""The syntax of assertions: its nodes, and how they are written as text.

An expression is checked for each item of a list, such as each mail of the outbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from attrs import frozen

Literal: TypeAlias = str | int | float | bool | tuple["Literal", ...] | None

OPERATORS = ("==", "!=", "<=", ">=", "<", ">", "contains", "in")
QUANTIFIERS = ("any", "none")
WORDS = frozenset({"and", "or", "not", "count", "contains", "in"})
WORDS |= {"true", "false", "null", *QUANTIFIERS}
"""Names that cannot be fields."""


@frozen
class FieldOf:
    """A field of the item.

    :param path: its name, and those of the members inside.
    """

    path: tuple[str, ...]


@frozen
class CountOf:
    """The number of items; with `condition`, of those for which it holds."""

    condition: Expression | None = None


@frozen
class Comparison:
    """A comparison with a literal."""

    left: FieldOf | CountOf
    operator: str
    right: Literal


@frozen
class Quantified:
    """Whether a condition holds for any item, or for none."""

    quantifier: str
    condition: Expression


@frozen
class Negation:
    """The opposite of a condition."""

    condition: Expression


@frozen
class Junction:
    """Several conditions, joined by ``and`` or ``or``."""

    word: str
    parts: tuple[Expression, ...]


Expression: TypeAlias = Comparison | Quantified | Negation | Junction


def written(expression: Expression) -> str:
    """Return the text of an expression, in the way in which it is parsed."""
    match expression:
        case Comparison(left, operator, right):
            return f"{_operand(left)} {operator} {literal(right)}"
        case Quantified(quantifier, condition):
            return f"{quantifier}({written(condition)})"
        case Negation(condition):
            return f"not ({written(condition)})"
        case Junction(word, parts):
            return f" {word} ".join(f"({written(part)})" for part in parts)


def literal(value: Literal) -> str:
    """Return the text of a literal."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value!r}"


def _operand(left: FieldOf | CountOf) -> str:
    if isinstance(left, FieldOf):
        return ".".join(left.path)
    return "count" if left.condition is None else f"count({written(left.condition)})"


def names_in(expression: Expression) -> Sequence[str]:
    """Return the fields that an expression reads, by their first names."""
    match expression:
        case Comparison(FieldOf(path), _, _):
            return [path[0]]
        case Comparison(CountOf(None), _, _):
            return []
        case Comparison(CountOf(condition), _, _) if condition is not None:
            return names_in(condition)
        case Quantified(_, condition) | Negation(condition):
            return names_in(condition)
        case Junction(_, parts):
            return [name for part in parts for name in names_in(part)]
    return []
