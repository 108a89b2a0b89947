"""Describes and checks the reply of an operation.

Only members that this server computes with or decides by are described. A reply that
does not fit is an error. If it were accepted, a list of something else would be shown
as an empty list, and a count that is text as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from attrs import field, frozen

from .._json_codec import Json, JsonObject


class MemberType(Enum):
    """The type of a member. Unless it is needed, it may be null or missing."""

    TEXT = "text"
    NUMBER = "a number"
    FLAG = "true or false"
    OBJECT = "an object"
    OBJECTS = "a list of objects"
    TEXTS = "a list of texts"
    NUMBERS = "an object of numbers"


_NULL = type(None)

# Exact types, because True and False are integers in Python.
_TYPES: Mapping[MemberType, frozenset[type]] = {
    MemberType.TEXT: frozenset({str}),
    MemberType.NUMBER: frozenset({int, float}),
    MemberType.FLAG: frozenset({bool}),
    MemberType.OBJECT: frozenset({dict}),
    MemberType.NUMBERS: frozenset({dict}),
    MemberType.OBJECTS: frozenset({list}),
    MemberType.TEXTS: frozenset({list}),
}
_INSIDE: Mapping[MemberType, frozenset[type]] = {
    MemberType.OBJECTS: frozenset({dict}),
    MemberType.TEXTS: frozenset({str}),
    MemberType.NUMBERS: frozenset({int, float, _NULL}),
}
"""The types of the items of a list or the values of an object."""


class Form(Enum):
    """The form of a reply as a whole.

    :cvar ANYTHING: not described.
    :cvar OBJECT: one object.
    :cvar ROWS: a list of objects, without pages.
    :cvar PAGE: an object with a list of objects and a cursor to the next page; or only
        the list, which is then the last page.
    """

    ANYTHING = "anything"
    OBJECT = "an object"
    ROWS = "a list"
    PAGE = "a page"


@frozen
class ReplySchema:
    """The description of a reply.

    :param members: the members of its object, or of each object in its list. A single
        object must have at least one of them, possibly null.
    :param needed: names of members that must be present and not null.
    """

    form: Form = Form.ANYTHING
    members: Mapping[str, MemberType] = field(factory=dict)
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
        """Whether an empty body is a valid reply, with a status such as 204."""
        return self.form is Form.ANYTHING or (
            self.form is Form.OBJECT and not self.members
        )

    def misfit(self, value: Json) -> str | None:
        """Return how a reply differs from this description; ``None`` if it fits.

        The text quotes nothing of the reply.
        """
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
        # Runs for each item of every list: as few steps as possible.
        for item in value:
            if type(item) is not dict:
                return "a list with something in it that is not an object"
            for name, types in self._types:
                if type(item.get(name)) not in types:
                    return self._words("a list with an item", item, name)
        return None

    def _misfit_of(self, facts: JsonObject) -> str | None:
        for name, types in self._types:
            if type(facts.get(name)) not in types:
                return self._words("a reply", facts, name)
        for name, types in self._inside:
            value = facts.get(name) or ()
            inside = value.values() if type(value) is dict else value
            if not {type(each) for each in inside} <= types:
                return self._words("a reply", facts, name)
        return None

    def _words(self, where: str, facts: JsonObject, name: str) -> str:
        if facts.get(name) is None:
            return f"{where} that has no {name}"
        return f"{where} whose {name} is not {self.members[name].value}"


def one(**members: MemberType) -> ReplySchema:
    """Describe a reply that is one object."""
    return ReplySchema(Form.OBJECT, members)


def rows(**members: MemberType) -> ReplySchema:
    """Describe a reply that is a list of objects, without pages."""
    return ReplySchema(Form.ROWS, members)


def page_of(**members: MemberType) -> ReplySchema:
    """Describe a reply that is a page of objects.

    Of lists and objects in their members only the type is checked, not the items.
    """
    return ReplySchema(Form.PAGE, members)


def needing(reply: ReplySchema, *names: str) -> ReplySchema:
    """Describe the same reply, with these members required."""
    return ReplySchema(reply.form, reply.members, reply.needed | {*names})


def numbers(*names: str) -> Mapping[str, MemberType]:
    """Return members of these names that are numbers."""
    return dict.fromkeys(names, MemberType.NUMBER)
