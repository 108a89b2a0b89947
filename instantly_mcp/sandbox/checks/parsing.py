"""Parses assertions. Nothing in them is executed.

::

    expression = conjunction {"or" conjunction}
    conjunction = condition {"and" condition}
    condition = "not" condition | "(" expression ")" | comparison
              | ("any" | "none") "(" expression ")"
    comparison = (field | "count" ["(" expression ")"]) operator literal
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attrs import define, frozen

from .syntax import (
    OPERATORS,
    QUANTIFIERS,
    WORDS,
    Comparison,
    CountOf,
    Expression,
    FieldOf,
    Junction,
    Literal,
    Negation,
    Quantified,
)

MAX_LENGTH = 2_000
"""Of an expression, in characters."""
MAX_DEPTH = 20
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)
    |(?P<sign>==|!=|<=|>=|[<>()\[\],])""",
    re.VERBOSE | re.DOTALL,
)
_CONSTANTS: dict[str, Literal] = {"true": True, "false": False, "null": None}


class ExpressionError(ValueError):
    """An expression cannot be read.

    :param column: of the mistake, from 1.
    """

    def __init__(self, message: str, text: str, column: int) -> None:
        shown = text if "\n" not in text else text.replace("\n", " ")
        super().__init__(f"{message}\n  {shown}\n  {' ' * (column - 1)}^")
        self.column = column


@frozen
class _Token:
    kind: str
    text: str
    column: int


def parse(text: str, fields: Sequence[str]) -> Expression:
    """Parse an expression.

    :param fields: the names that it may use.
    :raises ExpressionError: naming the column.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters", text[:60], 1)
    parser = _Parser(text, list(_tokens(text)), fields)
    found = parser.expression(0)
    if parser.present.kind != "end":
        raise parser.error("expected and, or, or the end")
    return found


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        match = _TOKEN.match(text, place)
        if match is None:
            raise ExpressionError(_odd(text[place]), text, place + 1)
        yield _Token(match.lastgroup or "", match[0], place + 1)
        place = match.end()
    yield _Token("end", "", len(text) + 1)


def _odd(character: str) -> str:
    if character == "=":
        return "write == to compare"
    if character in "\"'":
        return "this text has no closing quotation mark"
    return f"{character!r} has no meaning here"


@define(eq=False)
class _Parser:
    text: str
    tokens: list[_Token]
    fields: Sequence[str]
    place: int = 0
    counting: bool = False

    @property
    def present(self) -> _Token:
        return self.tokens[self.place]

    def error(self, message: str) -> ExpressionError:
        return ExpressionError(message, self.text, self.present.column)

    def take(self, *texts: str) -> _Token | None:
        token = self.present
        if token.kind in {"name", "sign"} and token.text in texts:
            self.place += 1
            return token
        return None

    def expression(self, depth: int) -> Expression:
        return self._joined("or", depth)

    def _joined(self, word: str, depth: int) -> Expression:
        def part() -> Expression:
            return (
                self._joined("and", depth) if word == "or" else self._condition(depth)
            )

        parts = [part()]
        while self.take(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Junction(word, tuple(parts))

    def _condition(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise self.error(f"nested more than {MAX_DEPTH} deep")
        if self.take("not"):
            return Negation(self._condition(depth + 1))
        if self.take("("):
            return self._closed(depth)
        quantifier = self.take(*QUANTIFIERS)
        if quantifier is not None:
            if not self.take("("):
                raise self.error(f"expected ( after {quantifier.text}")
            return Quantified(quantifier.text, self._counted(depth))
        return self._comparison(depth)

    def _closed(self, depth: int) -> Expression:
        inner = self.expression(depth + 1)
        if not self.take(")"):
            raise self.error("expected and, or, or )")
        return inner

    def _counted(self, depth: int) -> Expression:
        """Parse a condition that is checked for all items.

        Such conditions do not contain each other: n of them would take the nth power
        of the time.
        """
        if self.counting:
            raise self.error("count, any and none cannot contain each other")
        self.counting = True
        inner = self._closed(depth)
        self.counting = False
        return inner

    def _comparison(self, depth: int) -> Comparison:
        left = self._left(depth)
        operator = self.take(*OPERATORS)
        if operator is None:
            raise self.error(f"expected one of {' '.join(OPERATORS)}")
        right = self._literal()
        if operator.text == "in" and not isinstance(right, tuple):
            raise self.error('expected a list such as ["a", "b"] before this')
        return Comparison(left, operator.text, right)

    def _left(self, depth: int) -> FieldOf | CountOf:
        token = self.present
        if self.take("count"):
            return CountOf(self._counted(depth) if self.take("(") else None)
        if token.kind != "name" or token.text in WORDS:
            raise self.error("expected count or a field, and literals to the right")
        path = tuple(token.text.split("."))
        if path[0] not in self.fields:
            raise self.error(f"no field {path[0]}; there are {', '.join(self.fields)}")
        self.place += 1
        return FieldOf(path)

    def _literal(self) -> Literal:
        token = self.present
        self.place += 1
        if token.kind == "text":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
        if token.kind == "number":
            plain = token.text.lstrip("-").isdigit()
            return int(token.text) if plain else float(token.text)
        if token.text in _CONSTANTS:
            return _CONSTANTS[token.text]
        self.place -= 1
        if self.take("["):
            return self._list()
        raise self.error("expected a text in quotation marks, a number or a list")

    def _list(self) -> tuple[Literal, ...]:
        if self.take("]"):
            return ()
        found = [self._member()]
        while self.take(","):
            found.append(self._member())
        if not self.take("]"):
            raise self.error("expected , or ]")
        return tuple(found)

    def _member(self) -> Literal:
        if self.present.text == "[":
            raise self.error("a list cannot contain a list")
        return self._literal()
