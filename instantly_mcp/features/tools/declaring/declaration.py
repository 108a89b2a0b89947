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

from ...._json_codec import Json, JsonObject
from ....catalog.index import BY_ID
from ....catalog.operation import Operation
from ....protocol.calls.call import Call
from ....protocol.primitives.tool import (
    ERROR_SCHEMA,
    Annotations,
    TaskSupport,
)
from ...results import ToolOutcome
from ...sizes import CursorOf
from ...workspace.context import FeatureContext
from .argument import Argument
from .other_names import with_other_names
from .resetting import RESET, Resettable

CONFIRM_TOKEN = "confirm_token"
"""The argument of every tool that changes something; see `features.consent`."""

CONFIRM_TOKEN_SCHEMA: JsonObject = {
    "type": "string",
    "minLength": 1,
    "description": "From the error confirmation_required, after the user agreed.",
}

PREVIEW_CARD = "ui://instantly/preview"
"""The page that shows a preview; see `features.resources.preview_card`."""

Work: TypeAlias = Callable[
    [FeatureContext, JsonObject, Call], Coroutine[Any, Any, ToolOutcome]
]
Reshape: TypeAlias = Callable[[Json, JsonObject], Json]


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
    :param across: it is for all workspaces of a caller who chooses between several;
        other callers do not see it.
    :param extra: list the tool only when the operator selects all tools.
    :param task: whether a call may become a task.
    :param card: the URI of the page that clients can show with its results.
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
    across: bool = False
    extra: bool = False
    needs_credential: bool = True
    task: TaskSupport = TaskSupport.NEVER
    card: str | None = None

    @property
    def may_be_confirmed(self) -> bool:
        """Whether a call can need a confirmation: it changes something."""
        return not self.hints.read_only

    @property
    def asks_by_default(self) -> bool:
        """Whether one of its operations can have a risk class."""
        used = (*filter(None, (self.operation,)), *self.also)
        return any(BY_ID[id].can_be_risky for id in used)

    @property
    def task_support(self) -> TaskSupport:
        """Whether a call may become a task, which can wait for a person's approval."""
        waits = self.task is TaskSupport.NEVER and self.may_be_confirmed
        return TaskSupport.OPTIONAL if waits else self.task

    def input_schema(self) -> JsonObject:
        """Return the schema of the arguments that clients see.

        It does not say that unknown arguments are refused: the converters of Gemini's
        clients reject the keyword ``additionalProperties``.
        """
        listed = [each for each in self.arguments if not each.unlisted]
        reset = self.resettable().listed_schema()
        schema = self._object_of(listed, Argument.listed_schema, reset)
        if self.asks_by_default:
            schema["properties"][CONFIRM_TOKEN] = {"type": "string"}
        return schema

    def accepted_schema(self) -> JsonObject:
        """Return the schema that arguments are checked against: no unknown ones."""
        reset = self.resettable().accepted_schema()
        schema = self._object_of(self.arguments, Argument.annotated_schema, reset)
        if self.may_be_confirmed:
            schema["properties"][CONFIRM_TOKEN] = CONFIRM_TOKEN_SCHEMA
        named: JsonObject = with_other_names(schema)
        return {**named, "additionalProperties": False}

    def resettable(self) -> Resettable:
        """Return the settings that a call can reset."""
        operation = BY_ID[self.operation] if self.operation else None
        found = [each for each in self.arguments if each.can_reset(operation)]
        if not self.changes:
            found = []
        listed = [each for each in found if not each.is_flag(operation)]
        return Resettable(
            {each.name: each.resets_to for each in found},
            [each.name for each in listed if not each.unlisted],
        )

    def _object_of(
        self,
        arguments: Sequence[Argument],
        schema_of: Callable[[Argument, Operation | None], JsonObject],
        reset: JsonObject,
    ) -> JsonObject:
        operation = BY_ID[self.operation] if self.operation else None
        schema: dict[str, Json] = {
            "type": "object",
            "properties": {each.name: schema_of(each, operation) for each in arguments},
        }
        if reset["items"]["enum"]:
            schema["properties"][RESET] = reset
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
