"""The argument ``workspace``, in the lists of callers who choose between several.

Only these callers see it, because its names cost tokens in each tool. Callers whose
connection token is for one workspace do not see it in prompts either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from attrs import define, evolve, field

from ..._json_codec import Json
from ..._rights import Rights
from ..calls.workspace_choice import WORKSPACE
from .prompt import Prompt, PromptArgument
from .tool import Tool

MAX_LISTS = 100
"""How many lists are kept: one for each set of names."""


class Needing(Protocol):
    """An item of a list."""

    @property
    def needs_credential(self) -> bool:
        """Whether it reaches a workspace."""


Item = TypeVar("Item", bound=Needing)


def choosing_tool(tool: Tool, names: Sequence[str]) -> Tool:
    """Return a tool with the argument, which is required."""
    if tool.across:
        return tool
    schema: dict[str, Json] = dict(tool.input_schema)
    argument: Json = {"type": "string", "enum": list(names)}
    schema["properties"] = {WORKSPACE: argument, **tool.input_schema["properties"]}
    schema["required"] = [WORKSPACE, *(tool.input_schema.get("required") or ())]
    return evolve(tool, input_schema=schema)


def choosing_prompt(prompt: Prompt, names: Sequence[str]) -> Prompt:
    """Return a prompt with the argument, which is required."""
    argument = PromptArgument(
        name=WORKSPACE,
        description=f"The workspace: {', '.join(names)}",
        required=True,
    )
    return evolve(prompt, arguments=(argument, *_others(prompt)))


def fixed_prompt(prompt: Prompt, names: Sequence[str]) -> Prompt:
    """Return a prompt without the argument, for callers with one workspace."""
    return evolve(prompt, arguments=_others(prompt))


def _others(prompt: Prompt) -> Sequence[PromptArgument]:
    return tuple(each for each in prompt.arguments if each.name != WORKSPACE)


@define(eq=False)
class ChoosingList(Generic[Item]):
    """Adds the argument to the items of a list that reach a workspace.

    Equal lists and names get the same object, so that it is encoded once.

    :param add: adds the argument to one item.
    """

    add: Callable[[Item, Sequence[str]], Item]
    _kept: dict[tuple[int, tuple[str, ...]], tuple[Sequence[Item], Sequence[Item]]] = (
        field(factory=dict, init=False)
    )

    def listed(self, items: Sequence[Item], names: tuple[str, ...]) -> Sequence[Item]:
        """Return the items for a caller who chooses between names.

        :param items: the same object as long as the list has not changed.
        """
        # The kept list keeps its object alive, so that no other one gets its id.
        key = (id(items), names)
        kept = self._kept.pop(key, None)
        if kept is None or kept[0] is not items:
            shown = tuple(
                self.add(item, names) if item.needs_credential else item
                for item in items
            )
            if len(self._kept) >= MAX_LISTS:
                del self._kept[next(iter(self._kept))]
            kept = (items, shown)
        self._kept[key] = kept
        return kept[1]


@define(eq=False)
class WorkspaceLists:
    """The lists of tools and prompts as callers with connection tokens see them."""

    _tools: ChoosingList[Tool] = field(
        factory=lambda: ChoosingList(choosing_tool), init=False
    )
    _prompts: ChoosingList[Prompt] = field(
        factory=lambda: ChoosingList(choosing_prompt), init=False
    )
    _fixed: ChoosingList[Prompt] = field(
        factory=lambda: ChoosingList(fixed_prompt), init=False
    )

    def tools(self, listed: Sequence[Tool], rights: Rights) -> Sequence[Tool]:
        """Return the tools that a caller sees."""
        if not rights.workspaces:
            return listed
        return self._tools.listed(listed, rights.workspaces)

    def prompts(self, listed: Sequence[Prompt], rights: Rights) -> Sequence[Prompt]:
        """Return the prompts that a caller sees."""
        if rights.workspaces:
            return self._prompts.listed(listed, rights.workspaces)
        return listed if rights.token is None else self._fixed.listed(listed, ())
