"""Rendering of prompts: looking up what an argument names, and formatting facts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from attrs import frozen

from ..._deferred import deferred
from ..._json_codec import Json, JsonObject, dumps
from ...api.errors import ApiError, Reason
from ...protocol.calls.call import Call
from ...protocol.primitives.prompt import PromptMessage
from ...protocol.primitives.tool import text
from ...protocol.wire.errors import invalid_params
from ..output import prompt_text
from ..results import (
    CallRefusedError,
    error_object,
    protocol_error,
    refusal_error,
)
from ..untrusted.fence import error_data
from ..untrusted.marking import marked
from ..workspace.context import FeatureContext
from ..workspace.memory.name_cache import NOT_AN_ID
from ..workspace.names import ObjectKind

Found = TypeVar("Found")

Given: TypeAlias = Mapping[str, str]

ASK_FIRST = (
    "Rules: do not activate, send, reply, verify, move, delete or change anything on "
    "your own. Show the person exactly what would happen (names, numbers, text) and "
    "wait for a clear yes in this conversation. Say what you do not know instead of "
    "guessing."
)


Write: TypeAlias = Callable[[FeatureContext, Given, Call], Coroutine[Any, Any, str]]


@frozen
class Renderer:
    """Renders a prompt as one user message with all facts in it."""

    context: FeatureContext
    write: Write

    @deferred
    async def __call__(self, given: Given, call: Call) -> Sequence[PromptMessage]:
        try:
            written = await self.write(self.context, given, call)
        except ApiError as error:
            if error.reason is Reason.NOT_FOUND:
                data = error_data(error_object(error))
                raise invalid_params(data["message"], data) from error
            raise protocol_error(error) from error
        except CallRefusedError as refusal:
            raise refusal_error(refusal) from refusal
        if call.workspace_name:
            written = f"Workspace: {call.workspace_name}\n\n{written}"
        return [PromptMessage("user", text(prompt_text(written)))]


async def id_named(
    context: FeatureContext, kind: ObjectKind, given: str, call: Call
) -> str:
    """Return the id of the object that an argument names, by id or by name.

    :raises ProtocolError: -32602 when the argument is blank.
    :raises CallRefusedError: when no object or several have this name.
    """
    if not given.strip():
        raise invalid_params(f"Give the name or id of a {kind.name}")
    return await context.names.id_of(kind, given, call)


async def look_up(
    context: FeatureContext,
    kind: ObjectKind,
    given: str,
    read: Callable[[FeatureContext, str, Call], Awaitable[Found]],
    call: Call,
) -> Found:
    """Read the object that an argument names, by id or by name.

    :param read: reads it by id.
    :raises CallRefusedError: when nothing has this name or id, with similar names.
    """
    id = await id_named(context, kind, given, call)
    try:
        return await read(context, id, call)
    except ApiError as error:
        if error.reason in NOT_AN_ID:
            raise await context.names.refusal(kind, given, call) from error
        raise


def section(title: str, *lines: str) -> str:
    """Return a section of the message without empty lines, or nothing if all are."""
    kept = [line for line in lines if line]
    return "\n".join([f"## {title}", *kept]) if kept else ""


def message(*parts: str) -> str:
    """Join the parts that are not empty."""
    return "\n\n".join(part for part in parts if part)


def as_json(value: Json) -> str:
    """Return facts as compact JSON in a code block, untrusted texts with marks."""
    return f"```json\n{dumps(marked(value).value).decode()}\n```"


def not_known(failures: JsonObject) -> str:
    """Return a section that lists what could not be read, and why."""
    return section(
        "Not known",
        *(f"- {name}: {why['message']}" for name, why in failures.items()),
        "Tell me where this matters." if failures else "",
    )


def numbered(lines: Iterable[str]) -> str:
    """Return a numbered list."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def percent(share: Json) -> str:
    """Return a share as a percentage, or ``unknown``."""
    return f"{share:.1%}" if isinstance(share, int | float) else "unknown"
