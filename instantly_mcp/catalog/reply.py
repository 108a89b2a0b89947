"""What an operation answers, as far as anything here reads it.

Only members that are computed with or that decide something are stated. A reply that
does not fit is an error: read leniently, a list of something else would be an empty
list, and a count that is text would be none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from attrs import field, frozen


def _are(kind: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is list and all(type(e) is kind for e in value)


def _numbers(value: Any) -> bool:
    return type(value) is dict and all(
        type(each) in {int, float, type(None)} for each in value.values()
    )


class Kind(Enum):
    """What a member is. Null, or none at all, is allowed unless it is needed."""

    TEXT = "text"
    NUMBER = "a number"
    FLAG = "true or false"
    OBJECT = "an object"
    OBJECTS = "a list of objects"
    TEXTS = "a list of texts"
    NUMBERS = "an object of numbers"


# By exact type, for true and false are integers of Python.
_CHECKS: Mapping[Kind, Callable[[Any], bool]] = {
    Kind.TEXT: lambda value: type(value) is str,
    Kind.NUMBER: lambda value: type(value) in {int, float},
    Kind.FLAG: lambda value: type(value) is bool,
    Kind.OBJECT: lambda value: type(value) is dict,
    Kind.OBJECTS: _are(dict),
    Kind.TEXTS: _are(str),
    Kind.NUMBERS: _numbers,
}


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
    _checks: tuple[tuple[str, Callable[[Any], bool]], ...] = field(init=False, eq=False)

    @_checks.default
    def _looked_up(self) -> tuple[tuple[str, Callable[[Any], bool]], ...]:
        return tuple((name, _CHECKS[kind]) for name, kind in self.members.items())

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
            return self._misfit_of(value, "a reply")
        if self.form is Form.PAGE and type(value) is dict:
            cursor = value.get("next_starting_after")
            if cursor is not None and type(cursor) is not str:
                return "a list whose next_starting_after is not text"
            value = value.get("items")
        if type(value) is not list:
            return "something that is not a list"
        for item in value:
            if type(item) is not dict:
                return "a list with something in it that is not an object"
            wrong = self._misfit_of(item, "a list with an item")
            if wrong is not None:
                return wrong
        return None

    def _misfit_of(self, facts: Mapping[str, Any], where: str) -> str | None:
        for name, fits in self._checks:
            value = facts.get(name)
            if value is None:
                if name in self.needed:
                    return f"{where} that has no {name}"
            elif not fits(value):
                return f"{where} whose {name} is not {self.members[name].value}"
        return None


def one(**members: Kind) -> Reply:
    """Return the reply that is one object."""
    return Reply(Form.OBJECT, members)


def rows(**members: Kind) -> Reply:
    """Return the reply that is a plain list of objects."""
    return Reply(Form.ROWS, members)


def page_of(item: Reply) -> Reply:
    """Return the reply that is a page of objects which are also read one by one."""
    return Reply(Form.PAGE, item.members)


def needing(reply: Reply, *names: str) -> Reply:
    """Return the reply that must have these members, too."""
    return Reply(reply.form, reply.members, reply.needed | {*names})


def numbers(*names: str) -> Mapping[str, Kind]:
    """Return members that are numbers."""
    return dict.fromkeys(names, Kind.NUMBER)
