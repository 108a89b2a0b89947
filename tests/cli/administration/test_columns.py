"""Tables for people."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.cli.administration.columns import in_columns, printable


class ColumnTests(SynchronousTestCase):
    """Rows below their headings."""

    def test_widths(self) -> None:
        """A column is as wide as its widest value; lines have no trailing blanks."""
        lines = list(in_columns(("id", "name"), [("t1", "ada"), ("t234", "")]))
        self.assertEqual(lines, ["id    name", "t1    ada", "t234"])

    def test_no_rows(self) -> None:
        """Without rows there are headings."""
        self.assertEqual(list(in_columns(("a", "b"), [])), ["a  b"])

    def test_control_characters(self) -> None:
        """A value cannot move the cursor, color the terminal or begin a line."""
        self.assertEqual(printable("a\x1b[2Jb\nc\u202ed é"), "a?[2Jb?c?d é")
        (_, line) = in_columns(("a",), [("x\ny",)])
        self.assertEqual(line, "x?y")
