"""What a tool is and what it gives back, independent of era and transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen
from twisted.internet.defer import Deferred

from ..._json import Json, JsonObject

if TYPE_CHECKING:
    from ..calls.call import Call


@frozen(kw_only=True)
class Annotations:
    """The four hints, each stated explicitly."""

    read_only: bool
    destructive: bool
    idempotent: bool
    open_world: bool

    def as_object(self, title: str) -> JsonObject:
        """Return the wire form; the title is repeated here for 2025-03-26."""
        return {
            "title": title,
            "readOnlyHint": self.read_only,
            "destructiveHint": self.destructive,
            "idempotentHint": self.idempotent,
            "openWorldHint": self.open_world,
        }


@frozen(kw_only=True)
class ToolResult:
    """What a tool answers.

    :param content: MCP content blocks. Empty together with a `structured` value means
        one text block with the value as compact JSON: the usual case.
    :param structured: any JSON value, sent as ``structuredContent`` where it exists.
    :param encoded: that value as compact JSON, from whoever had to make it anyway.
    :param is_error: the tool failed, in a way that the model can read.
    :param meta: goes into ``_meta`` of the result.
    """

    content: Sequence[JsonObject] = ()
    structured: Json = None
    encoded: bytes | None = field(default=None, eq=False, repr=False)
    is_error: bool = False
    meta: JsonObject | None = None


def text(value: str) -> JsonObject:
    """Return a text content block."""
    return {"type": "text", "text": value}


class TaskSupport(Enum):
    """Whether a call may become a task, for clients that speak the extension.

    ``REQUIRED`` refuses a modern client that does not; legacy eras, which know no
    tasks, run the tool to its end all the same.
    """

    NEVER = "never"
    OPTIONAL = "optional"
    REQUIRED = "required"


Run: TypeAlias = "Callable[[JsonObject, Call], Deferred[ToolResult]]"


@frozen(kw_only=True)
class Tool:
    """A tool, written once, offered in every era.

    :param name: 1 to 64 characters of ``[a-z0-9_]``.
    :param input_schema: JSON Schema 2020-12 whose root is an object. It is sent to the
        client as it stands, and arguments are validated against it before `run`.
    :param run: called with valid arguments and the `Call`; answers a `ToolResult`.
        Expected failures are results with `is_error`; anything raised is a bug.
    :param needs_credential: without a credential the call is refused (401) before
        `run`.
    :param task: whether `run` may call `Call.become_task`.
    """

    name: str
    title: str
    description: str
    input_schema: Mapping[str, Json]
    annotations: Annotations
    run: Run
    output_schema: Mapping[str, Json] | None = None
    needs_credential: bool = True
    task: TaskSupport = TaskSupport.NEVER
