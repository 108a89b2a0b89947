"""What an operation answers, as far as anything here reads it.

Only members that are computed with or that decide something are stated. A reply that
does not fit is an error: read leniently, a list of something else would be an empty
list, and a count that is text would be none.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from attrs import field, frozen


class Kind(Enum):
    """What a member is. Null, or none at all, is allowed unless it is needed."""

    TEXT = "text"
    NUMBER = "a number"
    FLAG = "true or false"
    OBJECT = "an object"
    OBJECTS = "a list of objects"
    TEXTS = "a list of texts"
    NUMBERS = "an object of numbers"


_NULL = type(None)

# Exact types, for true and false are integers of Python.
_TYPES: Mapping[Kind, frozenset[type]] = {
    Kind.TEXT: frozenset({str}),
    Kind.NUMBER: frozenset({int, float}),
    Kind.FLAG: frozenset({bool}),
    Kind.OBJECT: frozenset({dict}),
    Kind.NUMBERS: frozenset({dict}),
    Kind.OBJECTS: frozenset({list}),
    Kind.TEXTS: frozenset({list}),
}
_INSIDE: Mapping[Kind, frozenset[type]] = {
    Kind.OBJECTS: frozenset({dict}),
    Kind.TEXTS: frozenset({str}),
    Kind.NUMBERS: frozenset({int, float, _NULL}),
}
"""What the members of a member are, where it has some."""


class Form(Enum):
    """What the reply is as a whole.

    :cvar ANYTHING: not stated.
    :cvar OBJECT: one object.
    :cvar ROWS: a list of objects, without pages.
    :cvar PAGE: an object with a list of objects, and a cursor to the next page; or,
        as a page without a cursor, the list alone.
    """

    ANYTHING = "anything"
    OBJECT = "an object"
    ROWS = "a list"
    PAGE = "a page"


@frozen
class Reply:
    """The form of a reply, and the members of its object or of each of its objects.

    One object must have at least one of them, were it null.

    :param needed: names of members that must be there.
    """

    form: Form = Form.ANYTHING
    members: Mapping[str, Kind] = field(factory=dict)
    needed: frozenset[str] = frozenset()
    _types: tuple[tuple[str, frozenset[type]], ...] = field(init=False, eq=False)
    _inside: tuple[tuple[str, frozenset[type]], ...] = field(init=False, eq=False)

    @_types.default
    def _types_by_name(self) -> tuple[tuple[str, frozenset[type]], ...]:
        return tuple(
            (name, _TYPES[kind] if name in self.needed else _TYPES[kind] | {_NULL})
            for name, kind in self.members.items()
        )

    @_inside.default
    def _inside_by_name(self) -> tuple[tuple[str, frozenset[type]], ...]:
        return tuple(
            (name, _INSIDE[kind])
            for name, kind in self.members.items()
            if kind in _INSIDE
        )

    @property
    def may_be_empty(self) -> bool:
        """Whether nothing at all, with a status that says so, is an answer."""
        return self.form is Form.ANYTHING or (
            self.form is Form.OBJECT and not self.members
        )

    def misfit(self, value: Any) -> str | None:
        """Say what is wrong with a reply, in words of ours; ``None`` if it fits."""
        if self.form is Form.ANYTHING:
            return None
        if self.form is Form.OBJECT:
            if type(value) is not dict:
                return "something that is not an object"
            if self.members and self.members.keys().isdisjoint(value):
                return f"a reply without any of {', '.join(self.members)}"
            return self._misfit_of(value)
        if self.form is Form.PAGE and type(value) is dict:
            cursor = value.get("next_starting_after")
            if cursor is not None and type(cursor) is not str:
                return "a list whose next_starting_after is not text"
            value = value.get("items")
        if type(value) is not list:
            return "something that is not a list"
        # Every list of every workspace goes through here: the fewest steps an item.
        for item in value:
            if type(item) is not dict:
                return "a list with something in it that is not an object"
            for name, types in self._types:
                if type(item.get(name)) not in types:
                    return self._words("a list with an item", item, name)
        return None

    def _misfit_of(self, facts: Mapping[str, Any]) -> str | None:
        for name, types in self._types:
            if type(facts.get(name)) not in types:
                return self._words("a reply", facts, name)
        for name, types in self._inside:
            value = facts.get(name) or ()
            inside = value.values() if type(value) is dict else value
            if not {type(each) for each in inside} <= types:
                return self._words("a reply", facts, name)
        return None

    def _words(self, where: str, facts: Mapping[str, Any], name: str) -> str:
        if facts.get(name) is None:
            return f"{where} that has no {name}"
        return f"{where} whose {name} is not {self.members[name].value}"


def one(**members: Kind) -> Reply:
    """Return the reply that is one object."""
    return Reply(Form.OBJECT, members)


def rows(**members: Kind) -> Reply:
    """Return the reply that is a plain list of objects."""
    return Reply(Form.ROWS, members)


def page_of(**members: Kind) -> Reply:
    """Return the reply that is a page of objects.

    What their members hold is not looked at, only what they are.
    """
    return Reply(Form.PAGE, members)


def needing(reply: Reply, *names: str) -> Reply:
    """Return the reply that must have these members, too."""
    return Reply(reply.form, reply.members, reply.needed | {*names})


def numbers(*names: str) -> Mapping[str, Kind]:
    """Return members that are numbers."""
    return dict.fromkeys(names, Kind.NUMBER)
