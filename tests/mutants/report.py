"""The table of mutants, as it stands in the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from .mutant import Mutant

HEAD = """# Mutants

Each line is a rule of the protocol that was broken in a copy of the tree, one at a
time, and the first test that noticed. `make mutants` does it again, fails if a broken
rule goes unnoticed, and writes this page. How the rules are broken stands in
`tests/mutants/`; the rules' own tests stand in `tests/rules/`.
"""


@frozen(kw_only=True)
class Row:
    """What became of one mutant.

    :param suite: the conformance suite noticed it; ``None`` if it was not asked.
    """

    mutant: Mutant
    caught_by: str | None
    suite: bool | None = None

    @property
    def survived(self) -> bool:
        """Whether somebody who should have noticed did not."""
        return self.caught_by is None or self.suite is False


def written(rows: Sequence[Row]) -> str:
    """Return the page."""
    asked = any(row.suite is not None for row in rows)
    columns = ["Rule", "Era", "File", "Caught by"]
    if asked:
        columns.append("Conformance suite")
    lines = [_line(columns), _line(["---"] * len(columns))]
    for row in rows:
        cells = [
            row.mutant.rule,
            row.mutant.era,
            f"`{row.mutant.file}`",
            f"`{row.caught_by}`",
        ]
        if asked:
            cells.append("notices" if row.suite else "")
        lines.append(_line(cells))
    caught = sum(not row.survived for row in rows)
    return f"{HEAD}\n{caught} of {len(rows)} are caught.\n\n" + "".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"
