"""Prints rows as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

GAP = "  "


def in_columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; columns are as wide as their widest value.

    Characters that could control a terminal are replaced: some texts come from outside.
    """
    table = [list(map(printable, row)) for row in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        yield GAP.join(cells).rstrip()


def printable(text: str) -> str:
    """Return a text in which each character that does not print is a ``?``."""
    return "".join(char if char.isprintable() else "?" for char in text)
