"""Skills: folders of instructions that an agent loads when it needs them.

A skill is a ``SKILL.md`` and the files beside it, in the format of Agent Skills
(https://agentskills.io/specification). Each file is a resource; what is declared here
follows the extension "Skills over MCP" (SEP-2640):
https://github.com/modelcontextprotocol/ext-skills/blob/main/specification/stable/skills.mdx
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256

from attrs import field, frozen

from ..._json_codec import Json, JsonObject, dumps
from ..._rights import Level

SKILLS_EXTENSION = "io.modelcontextprotocol/skills"
SKILLS_CAPABILITY: JsonObject = {SKILLS_EXTENSION: {"directoryRead": True}}
"""What a server with skills declares under ``extensions``."""

SCHEME = "skill://"
MAIN_FILE = "SKILL.md"
MARKDOWN = "text/markdown"

MAX_NAME_CHARS = 64
MAX_DESCRIPTION_CHARS = 1024
MAX_FILES = 512
MAX_BYTES = 16 * 1024 * 1024
"""Largest number and total size of files that every host accepts."""

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
"""One part of a path. It cannot be ``.`` or ``..``, and needs no percent-encoding."""


@frozen(kw_only=True)
class SkillFile:
    """A text file of a skill.

    :param path: relative to the folder of the skill, with ``/`` between its parts.
    :raises ValueError: for a path that is not in its normal form.
    """

    path: str
    title: str
    description: str
    text: str
    mime_type: str = MARKDOWN
    digest: str = field(init=False)
    size: int = field(init=False)

    @digest.default
    def _digest_of_text(self) -> str:
        return f"sha256:{sha256(self.text.encode()).hexdigest()}"

    @size.default
    def _size_of_text(self) -> int:
        return len(self.text.encode())

    def __attrs_post_init__(self) -> None:
        """Check the path."""
        _check_path(self.path)

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        return self.path.rpartition("/")[2]


@frozen(kw_only=True)
class Skill:
    """A skill, defined once for both eras.

    :param folder: its place in the server's name space; the last part is its name.
    :param description: says what it does and when to use it: all that a model sees of
        it before it is loaded.
    :param body: the instructions, in Markdown.
    :param extra: more members of the frontmatter, such as ``license``.
    :param beside: the other files, to which the instructions refer.
    :param toolset: the toolset that it belongs to; ``None`` for all callers.
    :param level: the least access level with which it is of use.
    :raises ValueError: if it breaks a rule of the format, or a limit of the extension.
    """

    folder: str
    title: str
    description: str
    body: str
    extra: JsonObject = field(factory=dict)
    beside: Sequence[SkillFile] = ()
    toolset: str | None = None
    level: Level = Level.READ_ONLY
    files: Mapping[str, SkillFile] = field(init=False)

    @files.default
    def _all_files(self) -> Mapping[str, SkillFile]:
        """Return the files by their URIs, ``SKILL.md`` first."""
        main = SkillFile(
            path=MAIN_FILE,
            title=self.title,
            description=self.description,
            text=self._main_text(),
        )
        every = (main, *self.beside)
        return {f"{SCHEME}{self.folder}/{each.path}": each for each in every}

    def __attrs_post_init__(self) -> None:
        """Check the rules of the format and the limits of the extension."""
        _check_path(self.folder)
        if len(self.name) > MAX_NAME_CHARS or not _NAME.fullmatch(self.name):
            raise ValueError(f"not the name of a skill: {self.name}")
        if not 0 < len(self.description) <= MAX_DESCRIPTION_CHARS:
            raise ValueError(f"{self.name}: the description is empty or too long")
        if len(self.files) != len(self.beside) + 1:
            raise ValueError(f"{self.name}: two files have the same path")
        total = sum(each.size for each in self.files.values())
        if len(self.files) > MAX_FILES or total > MAX_BYTES:
            raise ValueError(f"{self.name}: too many files, or too large")

    @property
    def name(self) -> str:
        """The name: the last part of the folder."""
        return self.folder.rpartition("/")[2]

    @property
    def uri(self) -> str:
        """The URI of ``SKILL.md``, by which clients know the skill."""
        return f"{SCHEME}{self.folder}/{MAIN_FILE}"

    @property
    def frontmatter(self) -> JsonObject:
        """The head of ``SKILL.md``."""
        return {"name": self.name, "description": self.description, **self.extra}

    def as_object(self) -> JsonObject:
        """Return the entry in ``skills/list``, with digest and size of each file."""
        entry: dict[str, Json] = {"uri": self.uri, "frontmatter": self.frontmatter}
        entry["resources"] = [
            {"uri": uri, "digest": each.digest, "size": each.size}
            for uri, each in self.files.items()
        ]
        return entry

    def _main_text(self) -> str:
        """Return ``SKILL.md``. A JSON value is a value of YAML as well."""
        head = "\n".join(
            f"{name}: {dumps(value).decode()}"
            for name, value in self.frontmatter.items()
        )
        return f"---\n{head}\n---\n\n{self.body.strip()}\n"


def _check_path(path: str) -> None:
    if not all(_SEGMENT.fullmatch(part) for part in path.split("/")):
        raise ValueError(f"not a path of a skill: {path}")
