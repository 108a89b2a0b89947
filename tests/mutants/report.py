"""Writes ``docs/mutants.md``."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from .mutant import Mutant

HEAD = """# Mutants

Does a test fail when the code breaks a rule of MCP, or of access? Each line names a
rule, the file in which it was broken (in a copy of the tree, one rule at a time), and
the first test that failed. `make mutants` repeats this and writes this page; it fails
if no test fails for a rule. `tests/mutants/` contains the changes that break the rules,
`tests/rules/` and `tests/access/` the tests of most of the rules.
"""


@frozen(kw_only=True)
class Row:
    """The result for one mutant.

    :param suite: whether the conformance suite failed; ``None`` if it was not run.
    """

    mutant: Mutant
    caught_by: str | None
    suite: bool | None = None

    @property
    def survived(self) -> bool:
        """Whether no test failed, or the conformance suite should have but did not."""
        return self.caught_by is None or self.suite is False


def written(rows: Sequence[Row]) -> str:
    """Return the page in Markdown."""
    with_suite = any(row.suite is not None for row in rows)
    columns = ["Rule", "Era", "File", "Caught by"]
    if with_suite:
        columns.append("Conformance suite")
    lines = [_line(columns), _line(["---"] * len(columns))]
    for row in rows:
        cells = [
            row.mutant.rule,
            row.mutant.era,
            f"`{row.mutant.file}`",
            f"`{row.caught_by}`",
        ]
        if with_suite:
            cells.append("fails" if row.suite else "")
        lines.append(_line(cells))
    caught = sum(not row.survived for row in rows)
    count = f"{caught} of {len(rows)} broken rules make a test fail."
    return f"{HEAD}\n{count}\n\n{''.join(lines)}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"
