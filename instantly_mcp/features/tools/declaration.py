"""How a tool is declared as data, and how a `Tool` is made from the declaration.

A declaration states everything that a client sees of a tool: name, title, description,
hints, arguments. Its work is what the tool does. Most tools execute one operation of
the catalog and need no code: the declaration names the operation, and

- the input schema of each argument comes from the operation's parameter, unless the
  declaration gives its own;
- at the call each argument is renamed to the parameter that it stands for, its default
  is filled in, and its value is converted (a status word to Instantly's number);
- the reply is reshaped (a list reply to a page), and failures become error results.

A tool that needs more than one call gives a function as its work. The function gets
the arguments already translated, under the API's names.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeAlias

from attrs import frozen

from ..._json_codec import Json, JsonObject
from ...catalog.index import BY_ID
from ...catalog.operation import Operation
from ...catalog.schema import plain
from ...protocol.calls.call import Call
from ...protocol.primitives.tool import (
    ERROR_SCHEMA,
    Annotations,
    TaskSupport,
)
from ..results import (
    CursorOf,
    ToolOutcome,
)
from ..workspace.context import FeatureContext
from ..workspace.names import ObjectKind
from .listed_schemas import listed_schema

Convert: TypeAlias = Callable[[Json], Json]
Work: TypeAlias = Callable[
    [FeatureContext, JsonObject, Call], Coroutine[Any, Any, ToolOutcome]
]
Reshape: TypeAlias = Callable[[Json, JsonObject], Json]


@frozen(kw_only=True)
class Argument:
    """One argument of a tool.

    :param name: what the client calls it.
    :param to: the operation's parameter that it is sent as.
    :param schema: the JSON Schema of the values that are accepted; by default that of
        the operation's parameter.
    :param listed: the JSON Schema that clients see, if it is not made from `schema`
        (see `features.tools.listed_schemas`).
    :param unlisted: accept the argument without listing it; the manual names it.
    :param description: one short sentence, where name and type do not say enough.
    :param default: the value that applies when the argument is not given.
    :param fills: insert the default into the arguments; otherwise the work does it.
    :param convert: makes the API's value of the client's; ``null`` is not converted.
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

    def listed_schema(self, operation: Operation | None) -> JsonObject:
        """Return the JSON Schema that the client sees."""
        try:
            listed = listed_schema(self.listed or self.accepted_schema(operation))
        except ValueError as error:
            raise ValueError(f"the argument {self.name}: {error}") from error
        return {**listed, **self._stated()}

    def documented_schema(self, operation: Operation | None) -> JsonObject:
        """Return what is accepted, with description and default, for the manual."""
        return {**self.accepted_schema(operation), **self._stated()}

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


@frozen(kw_only=True)
class ToolDeclaration:
    """The declaration of a tool.

    :param toolset: the group by which operators select tools.
    :param operation: the operation that it executes, or the main one of its work;
        its parameters provide the schemas of the arguments.
    :param also: further operations that its work uses. A test compares the hints with
        the effects of all operations.
    :param work: what it does; by default it executes `operation`.
    :param reshape: makes the tool's result from the reply.
    :param cursor_of: returns the cursor after an item, for a page that is cut.
    :param output: the members of the result that clients can rely on, with their JSON
        Schemas; the output schema of the tool adds the member ``error``.
    :param changes: the operation changes an object, so at least one argument besides
        the required ones must be given.
    :param extra: list the tool only when the operator selects all tools.
    :param task: whether a call may become a task.
    """

    name: str
    title: str
    description: str
    toolset: str
    hints: Annotations
    operation: str | None = None
    also: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    work: Work | None = None
    reshape: Reshape | None = None
    cursor_of: CursorOf | None = None
    output: JsonObject | None = None
    changes: bool = False
    extra: bool = False
    needs_credential: bool = True
    task: TaskSupport = TaskSupport.NEVER

    def input_schema(self) -> JsonObject:
        """Return the schema of the arguments that clients see.

        It does not say that unknown arguments are refused: the converters of Gemini's
        clients reject the keyword ``additionalProperties``.
        """
        listed = [each for each in self.arguments if not each.unlisted]
        return self._object_of(listed, Argument.listed_schema)

    def accepted_schema(self) -> JsonObject:
        """Return the schema that arguments are checked against: no unknown ones."""
        schema = self._object_of(self.arguments, Argument.documented_schema)
        return {**schema, "additionalProperties": False}

    def _object_of(
        self,
        arguments: Sequence[Argument],
        schema_of: Callable[[Argument, Operation | None], JsonObject],
    ) -> JsonObject:
        operation = BY_ID[self.operation] if self.operation else None
        schema: dict[str, Json] = {
            "type": "object",
            "properties": {each.name: schema_of(each, operation) for each in arguments},
        }
        needed = [each.name for each in arguments if each.required]
        if needed:
            schema["required"] = needed
        return schema

    def output_schema(self) -> JsonObject | None:
        """Return the schema of results and errors, which therefore requires nothing."""
        if self.output is None:
            return None
        members = {**self.output, "error": ERROR_SCHEMA}
        return {"type": "object", "properties": members}
