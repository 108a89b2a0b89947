"""The commands ``workspace add``, ``import``, ``list`` and ``remove``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import define, frozen

from ...._deferred import deferred
from ...._json_codec import Json
from ....access.workspaces.book import ListedWorkspace, WorkspaceBook
from ....access.workspaces.entry import BadEntryError, WorkspaceEntry, below
from ....access.workspaces.table import read_table
from ...settings.sources.secret_files import exposures
from ..dispatch import Command, NoArguments
from ..requests import CommandRefusedError


@frozen(kw_only=True)
class AddWorkspace:
    """See `WorkspaceEntry`."""

    alias: str
    api_key_file: str | None = None
    under: str | None = None
    id: str | None = None


@frozen(kw_only=True)
class ImportWorkspaces:
    """Workspaces in a table; see `read_table`.

    :param table: the content of the file.
    :param folder: where relative paths in the file begin.
    """

    table: str
    folder: str


@frozen(kw_only=True)
class RemoveWorkspace:
    """The alias of the workspace to remove."""

    alias: str


@define(eq=False)
class WorkspaceCommands:
    """Changes the workspaces of an operator, and lists them without their keys."""

    book: WorkspaceBook

    def commands(self) -> Mapping[str, Command]:
        """Return the commands by name."""
        return {
            "workspace.add": Command(AddWorkspace, self.add, recorded=True),
            "workspace.import": Command(
                ImportWorkspaces, self.add_table, recorded=True
            ),
            "workspace.check": Command(ImportWorkspaces, self.check_table),
            "workspace.list": Command(NoArguments, self.listed),
            "workspace.remove": Command(RemoveWorkspace, self.remove, recorded=True),
        }

    @deferred
    async def add(self, request: AddWorkspace) -> Json:
        """Add one workspace.

        :returns: its alias, and what is wrong with the mode of its key file.
        """
        entry = WorkspaceEntry(
            alias=request.alias,
            api_key_file=request.api_key_file,
            under=request.under,
            id=request.id,
        )
        try:
            await self.book.add([entry])
        except BadEntryError as error:
            raise CommandRefusedError(*error.lines) from None
        return {"added": [entry.alias], "warnings": _warnings([entry])}

    @deferred
    async def add_table(self, request: ImportWorkspaces) -> Json:
        """Add all workspaces of a table, or none; the errors name its lines."""
        rows = _rows(request)
        try:
            await self.book.add(rows.entries)
        except BadEntryError as error:
            raise CommandRefusedError(*_by_line(error, rows.lines)) from None
        return {"added": rows.aliases, "warnings": _warnings(rows.entries)}

    def check_table(self, request: ImportWorkspaces) -> Json:
        """Check all workspaces of a table as `add_table` does, and add none."""
        rows = _rows(request)
        try:
            self.book.check(rows.entries)
        except BadEntryError as error:
            raise CommandRefusedError(*_by_line(error, rows.lines)) from None
        return {"valid": rows.aliases, "warnings": _warnings(rows.entries)}

    def listed(self, request: NoArguments) -> Json:
        """Return all workspaces, and why any of them cannot be used."""
        return {"workspaces": [_as_json(each) for each in self.book.listed()]}

    @deferred
    async def remove(self, request: RemoveWorkspace) -> Json:
        """Remove a workspace from this server. At Instantly nothing changes."""
        try:
            await self.book.remove(request.alias)
        except BadEntryError as error:
            raise CommandRefusedError(*error.lines) from None
        return {"removed": request.alias}


@frozen
class _Rows:
    """The rows of a table: entries, and the number of the line of each."""

    entries: Sequence[WorkspaceEntry]
    lines: Sequence[int]

    @property
    def aliases(self) -> list[str]:
        return [each.alias for each in self.entries]


def _rows(request: ImportWorkspaces) -> _Rows:
    """Return the rows of a table; relative paths begin at its folder."""
    try:
        rows = read_table(request.table)
    except BadEntryError as error:
        raise CommandRefusedError(*error.lines) from None
    entries = [below(entry, request.folder) for _, entry in rows]
    return _Rows(entries, [line for line, _ in rows])


def _by_line(error: BadEntryError, lines: Sequence[int]) -> Sequence[str]:
    if not error.places:
        return error.lines
    return [
        f"line {lines[place]}: {sentence}"
        for place, sentence in zip(error.places, error.lines, strict=True)
    ]


def _warnings(entries: Sequence[WorkspaceEntry]) -> Json:
    return [
        warning
        for each in entries
        if each.api_key_file is not None
        for warning in exposures(Path(each.api_key_file), secret=True)
    ]


def _as_json(listed: ListedWorkspace) -> Json:
    entry = listed.entry
    return {
        "alias": entry.alias,
        "api_key_file": entry.api_key_file,
        "under": entry.under,
        "id": entry.id,
        "trouble": listed.trouble,
    }
