"""How one argument of a tool is declared, and the schemas that are made from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from attrs import frozen

from ...._json_codec import Json, JsonObject
from ....catalog.operation import Operation
from ....catalog.schema import plain
from ....protocol.arguments.schema_annotations import (
    ALSO_NAMED,
    HINT,
    SUGGESTED_FOR,
    UNLISTED,
    types_of,
)
from ...workspace.names import ObjectKind
from .listed_schemas import listed_schema
from .resetting import may_be_null

Convert: TypeAlias = Callable[[Json], Json]


@frozen(kw_only=True)
class Argument:
    """One argument of a tool.

    :param name: what the client calls it.
    :param to: the operation's parameter that it is sent as.
    :param schema: the JSON Schema of the values that are accepted; by default that of
        the operation's parameter.
    :param listed: the JSON Schema that clients see, if it is not made from `schema`
        (see `features.tools.declaring.listed_schemas`).
    :param unlisted: accept the argument without listing it; the manual names it.
    :param description: one short sentence, where name and type do not say enough.
    :param default: the value that applies when the argument is not given.
    :param fills: insert the default into the arguments; otherwise the work does it.
    :param convert: makes the API's value of the client's; ``null`` is not converted.
    :param also_named: old names that certainly mean this argument.
    :param suggested_for: old names for which an error suggests this argument.
    :param hint: the outline of a valid value, for errors.
    :param resets: whether `reset` may name it; by default, if Instantly takes null.
    :param resets_to: the value that resets it.
    :param refers_to: the kind of object that it names, alone or in a list; its name is
        replaced by its id.
    """

    name: str
    to: str
    schema: JsonObject | None = None
    listed: JsonObject | None = None
    unlisted: bool = False
    description: str = ""
    required: bool = False
    default: Json = None
    fills: bool = True
    convert: Convert | None = None
    also_named: tuple[str, ...] = ()
    suggested_for: tuple[str, ...] = ()
    hint: str = ""
    resets: bool | None = None
    resets_to: Json = None
    refers_to: ObjectKind | None = None

    def accepted_schema(self, operation: Operation | None) -> JsonObject:
        """Return the JSON Schema of the values that are accepted.

        :param operation: the operation that has the parameter `to`; ``None`` only for
            an argument with a schema of its own.
        """
        if self.schema is not None:
            return self.schema
        if operation is None:
            raise ValueError(f"the argument {self.name} has no schema")
        schema: JsonObject = plain(operation.by_name[self.to].schema)
        return {"enum": schema["enum"]} if "enum" in schema else schema

    def can_reset(self, operation: Operation | None) -> bool:
        """Return whether the argument can be reset."""
        if self.resets is not None:
            return self.resets
        parameter = operation.by_name.get(self.to) if operation else None
        return parameter is not None and may_be_null(parameter.schema)

    def is_flag(self, operation: Operation | None) -> bool:
        """Return whether the argument is true or false."""
        return "boolean" in types_of(self.accepted_schema(operation))

    def listed_schema(self, operation: Operation | None) -> JsonObject:
        """Return the JSON Schema that the client sees."""
        try:
            listed = listed_schema(self.listed or self.accepted_schema(operation))
        except ValueError as error:
            raise ValueError(f"the argument {self.name}: {error}") from error
        return {**listed, **self._stated()}

    def annotated_schema(self, operation: Operation | None) -> JsonObject:
        """Return what is accepted, with all that the declaration says beside it.

        The manual shows description and default; the other keywords are explained in
        `protocol.arguments.schema_annotations`.
        """
        noted = {
            ALSO_NAMED: [*self.also_named],
            SUGGESTED_FOR: [*self.suggested_for],
            HINT: self.hint,
            UNLISTED: self.unlisted,
        }
        annotations = {name: value for name, value in noted.items() if value}
        return {**self.accepted_schema(operation), **self._stated(), **annotations}

    def _stated(self) -> JsonObject:
        stated: dict[str, Json] = {}
        if self.default is not None:
            stated["default"] = self.default
        if self.description:
            stated["description"] = self.description
        return stated


def argument(name: str, **given: Any) -> Argument:
    """Declare an optional argument."""
    return Argument(name=name, to=given.pop("to", name), **given)


def assumed(name: str, default: Json, **given: Any) -> Argument:
    """Declare an optional argument whose default is applied by the work itself."""
    return argument(name, default=default, fills=False, **given)


def required(name: str, **given: Any) -> Argument:
    """Declare a required argument."""
    return argument(name, required=True, **given)
