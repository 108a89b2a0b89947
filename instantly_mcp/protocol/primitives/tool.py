"""Tools and their results, independent of era and transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from attrs import Factory, field, frozen
from twisted.internet.defer import Deferred

from ..._json_codec import Json, JsonObject, dumps, loads
from ..._rights import Level

if TYPE_CHECKING:
    from ..calls.call import Call


@frozen(kw_only=True)
class Annotations:
    """The four hints of a tool, without defaults so that each is stated."""

    read_only: bool
    destructive: bool
    idempotent: bool
    open_world: bool

    def as_object(self) -> JsonObject:
        """Return the wire form."""
        return {
            "readOnlyHint": self.read_only,
            "destructiveHint": self.destructive,
            "idempotentHint": self.idempotent,
            "openWorldHint": self.open_world,
        }


@frozen(kw_only=True)
class ToolResult:
    """The result of a tool.

    :param content: MCP content blocks. If it is empty and `structured` is set, which is
        the usual case, one text block with the value as compact JSON is sent.
    :param structured: any JSON value, sent as ``structuredContent`` in revisions that
        have it.
    :param encoded: `structured` as compact JSON, if it is encoded already; then
        `structured` need not be given.
    :param is_error: whether the tool failed; the content tells the model why.
    :param meta: ``_meta`` of the result.
    """

    content: Sequence[JsonObject] = ()
    _structured: Json = None
    encoded: bytes | None = field(default=None, eq=False, repr=False)
    is_error: bool = False
    meta: JsonObject | None = None

    @property
    def structured(self) -> Json:
        """The structured value; decoded on use if only its encoded form was given."""
        if self._structured is None and self.encoded is not None:
            return loads(self.encoded)
        return self._structured


def text(value: str) -> JsonObject:
    """Return a text content block."""
    return {"type": "text", "text": value}


ERROR_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "hint": {"type": "string"},
    },
}
"""What an output schema promises of the member ``error`` of a result.

Clients validate the structured content of errors against the output schema as well, so
an output schema that requires nothing else admits errors in the form of `error_result`.
"""


def error_result(error: JsonObject, meta: JsonObject | None = None) -> ToolResult:
    """Return the result of a call that failed. Every error of a tool has this form.

    The structured content is ``{"error": error}``; the text, for clients and revisions
    that read only text, is the error object itself.

    :param error: the members ``code`` (a short stable word), ``message`` (what is
        wrong) and ``hint`` (what to do), and facts about the failure.
    :param meta: ``_meta`` of the result.
    """
    return ToolResult(
        content=[text(dumps(error).decode())],
        structured={"error": error},
        is_error=True,
        meta=meta,
    )


class TaskSupport(Enum):
    """Whether a call may become a task, for clients that support the extension.

    With ``REQUIRED``, modern clients that do not support it are refused. The legacy era
    has no tasks: there the tool runs to its end in any case.
    """

    NEVER = "never"
    OPTIONAL = "optional"
    REQUIRED = "required"


def _least_level(tool: Tool) -> Level:
    return Level.READ_ONLY if tool.annotations.read_only else Level.FULL


RunTool: TypeAlias = "Callable[[JsonObject, Call], Deferred[ToolResult]]"


@frozen(kw_only=True)
class Tool:
    """A tool, defined once for both eras.

    :param name: 1 to 64 characters of ``[a-z0-9_]``.
    :param input_schema: JSON Schema 2020-12 whose root is an object. Clients get it
        unchanged.
    :param accepts: the schema that arguments are validated against before `run`, if it
        is not `input_schema`: some clients can only read a subset of JSON Schema, and
        some models send more forms than are listed.
    :param run: called with valid arguments and the `Call`; returns a `ToolResult`.
        Expected failures are results with `is_error`; other exceptions are bugs.
    :param output_schema: JSON Schema 2020-12 of the structured results.
    :param needs_credential: whether a call without a credential is refused (401).
    :param task: whether `run` may call `Call.become_task`.
    :param across: it is for all workspaces of a caller who chooses between several;
        other callers do not see it.
    :param toolset: the toolset that it belongs to; ``None`` for all callers.
    :param level: the least access level with which it can do anything.
    :param card: the URI of the page that shows its results; see `card`.
    """

    name: str
    title: str
    description: str
    input_schema: Mapping[str, Json]
    annotations: Annotations
    run: RunTool
    accepts: Mapping[str, Json] | None = None
    output_schema: Mapping[str, Json] | None = None
    needs_credential: bool = True
    task: TaskSupport = TaskSupport.NEVER
    across: bool = False
    toolset: str | None = None
    level: Level = Factory(_least_level, takes_self=True)
    card: str | None = None

    @property
    def accepted_schema(self) -> Mapping[str, Json]:
        """The schema that arguments are validated against."""
        return self.input_schema if self.accepts is None else self.accepts
