"""Reads the file that lists many workspaces."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from .entry import BadEntryError, WorkspaceEntry

if TYPE_CHECKING:
    import _csv

COLUMNS = ("alias", "api_key_file", "under", "id")
"""The columns of the file, in any order."""

OTHER_NAMES = {"key_file": "api_key_file", "workspace_id": "id"}
"""Other names of columns; a hyphen or a blank is as good as an underscore."""


def read_table(text: str) -> Sequence[tuple[int, WorkspaceEntry]]:
    """Read workspaces from a file of comma-separated values (RFC 4180).

    The first line names the columns, see `COLUMNS`; spreadsheets may separate them by
    semicolons, and begin the file with a byte order mark. Empty lines are skipped.

    :returns: each entry with the number of its line.
    :raises BadEntryError: with one sentence for each line that is not an entry.
    """
    text = text.removeprefix("\ufeff")
    header = text.partition("\n")[0]
    delimiter = ";" if ";" in header and "," not in header else ","
    lines: list[str] = []
    found: list[tuple[int, WorkspaceEntry]] = []
    rows = _rows(
        csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    )
    try:
        columns = _columns(next(rows, (1, ()))[1])
        for number, row in rows:
            entry = _entry(columns, row)
            if isinstance(entry, str):
                lines.append(f"line {number}: {entry}")
            else:
                found.append((number, entry))
    except csv.Error as error:
        lines.append(f"the file is not comma-separated text: {error}")
    if not lines and not found:
        lines.append("the file lists no workspace")
    if lines:
        raise BadEntryError(*lines)
    return found


def _rows(reader: _csv.Reader) -> Iterator[tuple[int, Sequence[str]]]:
    for row in reader:
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield reader.line_num, cells


def _columns(header: Sequence[str]) -> Sequence[str]:
    names = [name.lower().replace("-", "_").replace(" ", "_") for name in header]
    names = [OTHER_NAMES.get(name, name) for name in names]
    if "access" in names:
        raise BadEntryError(
            "line 1: a workspace has no access level: leave the column access out, and "
            "give the level to each token (token add --access)"
        )
    unknown = [name for name in names if name not in COLUMNS]
    if "alias" not in names or unknown or len(set(names)) != len(names):
        raise BadEntryError(
            f"line 1: the first line must name the columns: {','.join(COLUMNS)}"
        )
    return names


def _entry(columns: Sequence[str], row: Sequence[str]) -> WorkspaceEntry | str:
    if len(row) != len(columns):
        return f"it has {len(row)} values, and the first line has {len(columns)}"
    given = {name: value for name, value in zip(columns, row, strict=True) if value}
    return WorkspaceEntry(**{"alias": "", **given})
