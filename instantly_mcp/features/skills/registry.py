"""The skill registry: each caller gets texts that fit what it may do.

For a caller that may not send no text says how to send, and none names a tool that its
connection does not have. So text and digest of a skill depend on the caller's rights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from zope.interface import implementer

from ..._json_codec import JsonObject
from ..._rights import ALL_RIGHTS, Level, Rights
from ...protocol.primitives.skill import Skill, SkillFile
from ...protocol.primitives.skill_registry import ISkillRegistry, SkillRegistry
from ...protocol.primitives.tool import Tool
from ..prompts.registry import PROMPTS, PromptDeclaration
from ..prompts.rendering import ASK_FIRST
from ..prompts.steps import possible
from ..workspace.context import FeatureContext
from .declarations import FIELDS, SKILLS, Reference, SkillDeclaration
from .getting_started import DESCRIPTION, TITLE, instructions, overview

FOLDER = "instantly"
"""Where the skills are: other servers may have skills of the same names."""

TOOLS_FILE = "references/tools.md"

MAX_KEPT = 64
"""Different rights for which the texts are kept; those of one caller have about 40 kB.

Those that were not used for the longest time are dropped.
"""

_BY_PROMPT = {each.prompt: each for each in SKILLS}
_EXTRA: JsonObject = {"license": "MIT"}
_Key: TypeAlias = tuple[Level, tuple[str, ...] | None, bool]


@implementer(ISkillRegistry)
class SkillsByRights:
    """The skills of the selected toolsets, written for the rights of each caller."""

    def __init__(self, context: FeatureContext) -> None:
        self._context = context
        self._kept: dict[_Key, SkillRegistry] = {}

    def listed(self, rights: Rights = ALL_RIGHTS) -> Sequence[Skill]:
        return self._for(rights).listed(rights)

    def find(self, uri: str, rights: Rights = ALL_RIGHTS) -> Skill | None:
        return self._for(rights).find(uri, rights)

    def _for(self, rights: Rights) -> SkillRegistry:
        key = (rights.level, rights.toolsets, bool(rights.workspaces))
        found = self._kept.pop(key, None)
        if found is None:
            if len(self._kept) >= MAX_KEPT:
                del self._kept[next(iter(self._kept))]
            found = SkillRegistry(self._written(rights))
        self._kept[key] = found
        return found

    def _written(self, rights: Rights) -> list[Skill]:
        tools = self._context.listed_tools(rights)
        offered = [each for each in PROMPTS if each.toolset in self._context.toolsets]
        single = [_skill(each, tools, rights) for each in offered]
        others = [
            (each.folder, each.description)
            for each in SkillRegistry(single).listed(rights)
        ]
        return [_start(rights, tools, others), *single]


def _start(
    rights: Rights, tools: Sequence[Tool], others: Sequence[tuple[str, str]]
) -> Skill:
    files = [_tools_file(f"# Tools of this connection\n\n{overview(tools)}\n")]
    body = instructions(rights, tools, others)
    return Skill(
        folder=f"{FOLDER}/getting-started",
        title=TITLE,
        description=DESCRIPTION,
        body=f"{body}\n\n{_files(files)}",
        extra=_EXTRA,
        beside=files,
    )


def _skill(prompt: PromptDeclaration, tools: Sequence[Tool], rights: Rights) -> Skill:
    """Return the skill with the task of a prompt."""
    entry = _BY_PROMPT[prompt.write.__name__]
    needed = {name for step in (*entry.facts, *entry.steps) for name in step.needs}
    used = [tool for tool in tools if tool.name in needed]
    files = [*map(_reference, entry.references), _tools_file(_described(used))]
    return Skill(
        folder=f"{FOLDER}/{entry.name}",
        title=prompt.title,
        description=f"{prompt.description} {entry.when}",
        body=_body(prompt.title, entry, tools, rights, files),
        extra=_EXTRA,
        beside=files,
        toolset=prompt.toolset,
    )


def _body(
    title: str,
    entry: SkillDeclaration,
    tools: Sequence[Tool],
    rights: Rights,
    files: Sequence[SkillFile],
) -> str:
    names = {tool.name for tool in tools}
    which = (
        "Give each call the same workspace, and name it to the user.\n\n"
        if rights.workspaces
        else ""
    )
    return (
        f"# {title}\n\n## Read the facts\n\n{which}"
        f"{_numbered(possible(entry.facts, names, **FIELDS))}\n\n"
        "If something cannot be read, go on without it, and say so.\n\n"
        f"## What to do\n\n{_numbered(possible(entry.steps, names, **FIELDS))}\n\n"
        f"{ASK_FIRST}\n\n{_files(files)}"
    )


def _numbered(lines: Sequence[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def _files(files: Sequence[SkillFile]) -> str:
    lines = [f"- `{each.path}`: {each.description}" for each in files]
    return "## Files\n\n" + "\n".join(lines)


def _reference(entry: Reference) -> SkillFile:
    return SkillFile(
        path=entry.path, title=entry.title, description=entry.use, text=entry.text
    )


def _tools_file(text: str) -> SkillFile:
    return SkillFile(
        path=TOOLS_FILE,
        title="Tools",
        description="the tools, if you do not have their descriptions",
        text=text,
    )


def _described(tools: Sequence[Tool]) -> str:
    """Return the tools with their descriptions and required arguments."""
    lines = []
    for tool in tools:
        required = ", ".join(tool.input_schema.get("required", ()))
        takes = f" ({required})" if required else ""
        lines.append(f"- `{tool.name}`{takes}: {tool.description}")
    return "# Tools of this skill\n\n" + "\n".join(lines) + "\n"
