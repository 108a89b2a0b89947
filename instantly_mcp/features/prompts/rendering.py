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
from ..completions import Completions, NameCache, ObjectKind
from ..results import CallRefusedError, error_object, protocol_error
from ..workspace.context import FeatureContext

Found = TypeVar("Found")

Given: TypeAlias = Mapping[str, str]

ASK_FIRST = (
    "Rules: do not activate, send, reply, verify, move, delete or change anything on "
    "your own. Show the person exactly what would happen (names, numbers, text) and "
    "wait for a clear yes in this conversation. Say what you do not know instead of "
    "guessing."
)

MAX_SUGGESTIONS = 3
"""Most names or ids that a message lists."""

NOT_AN_ID = frozenset({Reason.NOT_FOUND, Reason.INVALID_REQUEST, Reason.BAD_ARGUMENT})
"""How a read fails when the given text is a name and not an id."""


@frozen
class PromptContext:
    """The objects that prompts use."""

    features: FeatureContext
    names: NameCache


Write: TypeAlias = Callable[[PromptContext, Given, Call], Coroutine[Any, Any, str]]


@frozen
class Renderer:
    """Renders a prompt as one user message with all facts in it."""

    context: PromptContext
    write: Write

    @deferred
    async def __call__(self, given: Given, call: Call) -> Sequence[PromptMessage]:
        try:
            written = await self.write(self.context, given, call)
        except ApiError as error:
            if error.reason is Reason.NOT_FOUND:
                raise invalid_params(error.message, error_object(error)) from error
            raise protocol_error(error) from error
        except CallRefusedError as refusal:
            raise invalid_params(refusal.message, refusal.as_object()) from refusal
        return [PromptMessage("user", text(written))]


async def id_named(
    context: PromptContext, kind: ObjectKind, given: str, call: Call
) -> str:
    """Return the id of the object that an argument names, by id or by name.

    :raises ProtocolError: -32602 when the argument is blank.
    """
    if not given.strip():
        raise invalid_params(f"Give the name or id of a {kind.name}")
    return await context.names.id_of(kind, given, call)


async def look_up(
    context: PromptContext,
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
        return await read(context.features, id, call)
    except ApiError as error:
        if error.reason in NOT_AN_ID:
            raise await unknown_name(context, kind, given, error, call) from error
        raise


async def unknown_name(
    context: PromptContext, kind: ObjectKind, given: str, error: ApiError, call: Call
) -> CallRefusedError:
    """Return the refusal of a name that matches no object, or several.

    Similar names are also in the message, because many clients show only that.
    """
    found = await context.names.matching(kind, given, call)
    said, hint = _meant(kind, given, found)
    return CallRefusedError(
        "not_found",
        said,
        hint,
        did_you_mean=[entry.name for entry in found[:10]],
        operation=error.operation_id,
    )


def _meant(kind: ObjectKind, given: str, found: Completions) -> tuple[str, str]:
    """Return the message and the hint for a name."""
    shown = repr(given[:60])
    wanted = given.strip().lower()
    equal = [entry.value for entry in found if entry.name.lower() == wanted]
    if len(equal) > 1:
        ids = ", ".join(equal[:MAX_SUGGESTIONS])
        said = f"More than one {kind.name} is called {shown}: {ids}."
        return said, "Use the id of one of them."
    if found:
        names = ", ".join(repr(entry.name[:60]) for entry in found[:MAX_SUGGESTIONS])
        said = f"No {kind.name} is called {shown}. Did you mean {names}?"
        return said, "Use one of the names in did_you_mean, or an id."
    said = f"No {kind.name} has the name or id {shown}."
    return said, "Look up its name or id first."


def section(title: str, *lines: str) -> str:
    """Return a section of the message without empty lines, or nothing if all are."""
    kept = [line for line in lines if line]
    return "\n".join([f"## {title}", *kept]) if kept else ""


def message(*parts: str) -> str:
    """Join the parts that are not empty."""
    return "\n\n".join(part for part in parts if part)


def as_json(value: Json) -> str:
    """Return facts as compact JSON in a code block."""
    return f"```json\n{dumps(value).decode()}\n```"


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
