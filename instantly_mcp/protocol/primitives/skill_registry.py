"""The registry of skills, and their files as resources and as folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import Interface, implementer

from ..._json_codec import Json, JsonObject
from ..._rights import ALL_RIGHTS, Rights
from ..calls.call import Call
from ..wire.errors import resource_not_found
from .resource import Resource, ResourceContents
from .selected import SelectedItems
from .skill import SCHEME, Skill, SkillFile

DIRECTORY_TYPE = "inode/directory"
"""The media type of a folder."""


class ISkillRegistry(Interface):
    """The skills that the server offers."""

    def listed(rights: Rights = ALL_RIGHTS) -> Sequence[Skill]:
        """Return the skills for a caller with these rights, in a fixed order.

        The object is the same for equal rights. The text of a skill may depend on the
        rights; its files and its description do not.
        """

    def find(uri: str, rights: Rights = ALL_RIGHTS) -> Skill | None:
        """Return the skill whose ``SKILL.md`` has this URI, permitted or not."""


@implementer(ISkillRegistry)
class SkillRegistry:
    """Skills by the URI of their ``SKILL.md``; the same for all callers that may see
    them."""

    def __init__(self, skills: Iterable[Skill] = ()) -> None:
        self._skills = SelectedItems(tuple(skills))

    def listed(self, rights: Rights = ALL_RIGHTS) -> Sequence[Skill]:
        return self._skills.seen_with(rights)

    def find(self, uri: str, rights: Rights = ALL_RIGHTS) -> Skill | None:
        return next((each for each in self._skills.all if each.uri == uri), None)


def skill_resources(skills: ISkillRegistry) -> tuple[list[Resource], list[Resource]]:
    """Return the files of all skills as resources: those to list, and the others.

    Only each ``SKILL.md`` is listed, because a client that lists resources to a model
    would spend its context on files that a skill refers to when they are needed.
    """
    listed: list[Resource] = []
    others: list[Resource] = []
    for skill in skills.listed():
        for uri, file in skill.files.items():
            found = listed if uri == skill.uri else others
            found.append(_resource(skills, skill, uri, file))
    return listed, others


def directories(skills: Sequence[Skill]) -> Mapping[str, Sequence[JsonObject]]:
    """Return the ``Resource`` objects in each folder, by the folder's URI.

    A folder that only contains other folders is one, too. Folders come after files.
    """
    files: dict[str, dict[str, JsonObject]] = {}
    folders: dict[str, dict[str, JsonObject]] = {}
    for skill in skills:
        for uri, file in skill.files.items():
            parent = uri.rpartition("/")[0]
            files.setdefault(parent, {})[uri] = _child(skill, uri, file)
            while "/" in parent.removeprefix(SCHEME):
                child, (parent, _, name) = parent, parent.rpartition("/")
                folders.setdefault(parent, {})[child] = {
                    "uri": child,
                    "name": name,
                    "mimeType": DIRECTORY_TYPE,
                }
    return {
        uri: [*files.get(uri, {}).values(), *folders.get(uri, {}).values()]
        for uri in {**files, **folders}
    }


def _child(skill: Skill, uri: str, file: SkillFile) -> JsonObject:
    found: dict[str, Json] = {"uri": uri, "name": _name(skill, uri, file)}
    found["description"] = file.description
    found["mimeType"] = file.mime_type
    found["size"] = file.size
    return found


def _name(skill: Skill, uri: str, file: SkillFile) -> str:
    """Return the name of a file: ``SKILL.md`` has the name of its skill."""
    return skill.name if uri == skill.uri else file.name


def _resource(
    skills: ISkillRegistry, skill: Skill, uri: str, file: SkillFile
) -> Resource:
    return Resource(
        uri=uri,
        name=_name(skill, uri, file),
        title=file.title,
        description=file.description,
        mime_type=file.mime_type,
        read=partial(_read, skills, skill.uri),
        private=True,
        toolset=skill.toolset,
        level=skill.level,
    )


def _read(
    skills: ISkillRegistry,
    main: str,
    uri: str,
    values: Mapping[str, str],
    call: Call,
) -> Deferred[Sequence[ResourceContents]]:
    """Read a file of a skill as a caller with these rights sees it."""
    caller = call.caller
    skill = skills.find(main, caller.rights)
    file = None if skill is None else skill.files.get(uri)
    if file is None:
        return fail(resource_not_found(uri, modern=caller.revision.modern))
    contents = ResourceContents(uri=uri, mime_type=file.mime_type, text=file.text)
    return succeed([contents])
