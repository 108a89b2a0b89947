"""Workspaces as the operator names them.

An entry gives a workspace of Instantly a short name, its alias, and says which key
reaches it: one in a file, or the key of another entry, an admin workspace, together
with the workspace's id. Entries hold no key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from attrs import evolve, frozen

MAX_ALIAS_CHARACTERS = 40
MAX_ENTRIES = 500
MAX_ID_CHARACTERS = 64

RESERVED = frozenset({"w", "x", "read-only", "readonly", "draft", "full"})
"""Words that have another meaning in the path of a request."""

_ALIAS = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SAID = 60


class BadEntryError(Exception):
    """Entries are not valid. Nothing was changed.

    :param lines: one sentence for each mistake.
    :param places: for each of them, the position of the entry among those that were
        given; empty if they do not belong to one.
    """

    def __init__(self, *lines: str, places: Sequence[int] = ()) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines
        self.places = places


@frozen(kw_only=True)
class WorkspaceEntry:
    """One workspace.

    :param alias: lower-case letters, digits and single hyphens, at most
        `MAX_ALIAS_CHARACTERS`.
    :param api_key_file: the absolute path of the file with the workspace's key.
    :param under: the alias of the admin workspace whose key is used instead.
    :param id: the workspace's id at Instantly, sent as ``x-as-workspace`` with the key
        of the admin workspace.
    """

    alias: str
    api_key_file: str | None = None
    under: str | None = None
    id: str | None = None


def mistake_in_alias(alias: str) -> str | None:
    """Return why a text cannot be an alias; ``None`` if it can."""
    said = f"{alias[:_SAID]!r} cannot be an alias"
    if alias in RESERVED:
        return f"{said}: the word has another meaning in URLs"
    if _ALIAS.fullmatch(alias) and len(alias) <= MAX_ALIAS_CHARACTERS:
        return None
    return (
        f"{said}: use lower-case letters, digits and single hyphens, at most "
        f"{MAX_ALIAS_CHARACTERS} characters"
    )


def mistake_in(entry: WorkspaceEntry) -> str | None:
    """Return what is wrong with an entry by itself; ``None`` if nothing is."""
    wrong = mistake_in_alias(entry.alias)
    if wrong is not None:
        return wrong
    if (entry.api_key_file is None) is (entry.under is None):
        return (
            f"{entry.alias} needs either a key file or an admin workspace, and not both"
        )
    if entry.api_key_file is not None and not entry.api_key_file.startswith("/"):
        return f"{entry.alias}: the path of its key file must be absolute"
    if entry.api_key_file is not None and "\0" in entry.api_key_file:
        return f"{entry.alias}: the path of its key file has a NUL character"
    if entry.under is None:
        return (
            None
            if entry.id is None
            else f"{entry.alias}: an id is for workspaces under an admin workspace"
        )
    return _mistake_in_id(entry)


def _mistake_in_id(entry: WorkspaceEntry) -> str | None:
    id = entry.id
    if not id:
        return f"{entry.alias} is under {entry.under}, so it also needs its id"
    if len(id) > MAX_ID_CHARACTERS or not re.fullmatch(r"[\x21-\x7e]+", id):
        return f"{entry.alias}: the id is not a workspace id of Instantly"
    return None


def mistake_in_all(entries: Mapping[str, WorkspaceEntry]) -> Mapping[str, str]:
    """Return what is wrong with entries beside each other, by alias.

    Two aliases of one workspace are a mistake, because limits are counted by alias.
    """
    found: dict[str, str] = {}
    first: dict[tuple[str | None, ...], str] = {}
    for alias, entry in entries.items():
        admin = None if entry.under is None else entries.get(entry.under)
        if entry.under is not None and admin is None:
            found[alias] = f"{alias}: there is no workspace {entry.under[:_SAID]!r}"
        elif admin is not None and admin.under is not None:
            found[alias] = (
                f"{alias}: {admin.alias} has no key file of its own, so it cannot be "
                "an admin workspace"
            )
        which = (entry.api_key_file, entry.under, entry.id)
        other = first.setdefault(which, alias)
        if other != alias:
            found[alias] = f"{alias} is the same workspace as {other}"
    for alias in list(entries)[MAX_ENTRIES:]:
        found[alias] = f"{alias}: there are {MAX_ENTRIES} workspaces already"
    return found


def below(entry: WorkspaceEntry, folder: str) -> WorkspaceEntry:
    """Return an entry whose key file is absolute: relative paths begin at `folder`."""
    path = entry.api_key_file
    if path is None or path.startswith("/"):
        return entry
    return evolve(entry, api_key_file=f"{folder.rstrip('/')}/{path}")
