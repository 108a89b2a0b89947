"""Prompts, independent of era and transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import frozen
from twisted.internet.defer import Deferred

from ..._json_codec import Json, JsonObject
from ..._rights import Level
from ..arguments.schema_annotations import ALSO_NAMED
from .resource import CompleteValue

if TYPE_CHECKING:
    from ..calls.call import Call


@frozen(kw_only=True)
class PromptArgument:
    """One argument of a prompt; its value is always a string.

    :param also_named: other names that certainly mean it; they are not listed.
    """

    name: str
    description: str
    required: bool = False
    also_named: Sequence[str] = ()
    complete: CompleteValue | None = None

    def as_object(self) -> JsonObject:
        """Return the wire form."""
        return {
            "name": self.name,
            "description": self.description,
            "required": self.required,
        }


@frozen
class PromptMessage:
    """One message of a rendered prompt; `content` is an MCP content block."""

    role: Literal["user", "assistant"]
    content: JsonObject

    def as_object(self) -> JsonObject:
        """Return the wire form."""
        return {"role": self.role, "content": self.content}


RenderPrompt: TypeAlias = (
    "Callable[[Mapping[str, str], Call], Deferred[Sequence[PromptMessage]]]"
)


@frozen(kw_only=True)
class Prompt:
    """A prompt, defined once for both eras.

    :param render: called with the arguments and the call; required arguments are
        present.
    :param needs_credential: whether rendering it requires a credential.
    :param toolset: the toolset that it belongs to; ``None`` for all callers.
    :param level: the least access level with which it is of use.
    """

    name: str
    title: str
    description: str
    render: RenderPrompt
    arguments: Sequence[PromptArgument] = ()
    needs_credential: bool = False
    toolset: str | None = None
    level: Level = Level.READ_ONLY

    def accepted_schema(self) -> JsonObject:
        """Return the JSON Schema of the arguments: texts, and no unknown ones."""
        schema: dict[str, Json] = {
            "type": "object",
            "properties": {
                each.name: {
                    "type": "string",
                    "minLength": int(each.required),
                    ALSO_NAMED: [*each.also_named],
                }
                for each in self.arguments
            },
            "required": [each.name for each in self.arguments if each.required],
            "additionalProperties": False,
        }
        return schema

    def as_object(self, structured: bool) -> JsonObject:
        """Return the entry in ``prompts/list``, with a title if `structured`."""
        entry: dict[str, Json] = {"name": self.name}
        if structured:
            entry["title"] = self.title
        entry["description"] = self.description
        entry["arguments"] = [argument.as_object() for argument in self.arguments]
        return entry
