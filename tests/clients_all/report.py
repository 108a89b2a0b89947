"""The table in ``docs/clients.md``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .clients import CLIENTS, ROOT, ThirdPartyClient
from .stages import STAGES, Outcome, Row

DOCUMENT = ROOT / "docs" / "clients.md"
TABLE_BEGIN = "<!-- clients: written by make clients-all -->"
TABLE_END = "<!-- end of clients -->"

HEAD = ("Client", "Version", "Transport", "Revision", *STAGES)

Place = tuple[str, str]
"""A title and a transport: what a line of the table is about."""


def cells_of(row: Row) -> Sequence[str]:
    """Return the cells of a row."""
    missing = Outcome(False, "not reached")
    return (
        row.client.title,
        row.client.version,
        f"`{row.path}`",
        row.revision or "not shown",
        *(row.outcomes.get(stage, missing).said for stage in STAGES),
    )


def not_installed(client: ThirdPartyClient, path: str) -> Row:
    """Return the row of a client that cannot be installed."""
    said = Outcome(False, "not installed", "it cannot be installed here")
    return Row(client, path, outcomes=dict.fromkeys(STAGES, said))


def lines_in(document: str) -> Mapping[Place, str]:
    """Return the lines of the table in a document."""
    _, _, rest = document.partition(TABLE_BEGIN)
    table, _, _ = rest.partition(TABLE_END)
    lines = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(HEAD) and cells[2].startswith("`"):
            lines[cells[0], cells[2].strip("`")] = line
    return lines


def with_rows(document: str, rows: Sequence[Row]) -> str:
    """Return a document whose table has these rows, and its old ones for the others."""
    lines = dict(lines_in(document))
    lines |= {(row.client.title, row.path): line_of(cells_of(row)) for row in rows}
    before, _, rest = document.partition(TABLE_BEGIN)
    _, _, after = rest.partition(TABLE_END)
    table = [line_of(HEAD), line_of(["---"] * len(HEAD))]
    table += [lines[place] for place in places() if place in lines]
    return "\n".join([before + TABLE_BEGIN, *table, TABLE_END + after])


def places() -> Iterator[Place]:
    """Yield what the lines of a complete table are about, in order."""
    for client in CLIENTS:
        for path in client.paths:
            yield client.title, path


def line_of(cells: Sequence[str]) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
