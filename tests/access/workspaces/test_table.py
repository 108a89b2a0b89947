"""The file that lists many workspaces."""

from __future__ import annotations

import csv
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.access.workspaces.entry import BadEntryError, WorkspaceEntry
from instantly_mcp.access.workspaces.table import COLUMNS, read_table

BLUE = WorkspaceEntry(alias="client-blue", api_key_file="keys/blue")
RED = WorkspaceEntry(alias="client-red", under="agency", id="ws-1")
CELLS = (
    st.text(
        st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cc"]),
        min_size=1,
        max_size=12,
    )
    .map(str.strip)
    .filter(bool)
)


def refusals(text: str) -> tuple[str, ...]:
    """Return the sentences with which a file is refused."""
    try:
        found = read_table(text)
    except BadEntryError as error:
        return error.lines
    raise AssertionError(f"accepted: {found}")


class ReadTableTests(SynchronousTestCase):
    def test_entries_with_their_lines(self) -> None:
        """Each line is an entry; columns have any order, empty lines are skipped."""
        text = (
            "id,alias,api-key-file,under\n,client-blue,keys/blue,\n\n"
            "ws-1, client-red ,,agency\n"
        )
        self.assertEqual(read_table(text), [(2, BLUE), (4, RED)])

    def test_other_names_of_columns(self) -> None:
        """The file of a key and the id have other names, which say the same."""
        text = "alias,key-file,under,Workspace ID\nclient-red,,agency,ws-1\n"
        self.assertEqual(read_table(text), [(2, RED)])

    def test_access_is_for_tokens(self) -> None:
        """A column for levels is refused with the place where they belong."""
        (line,) = refusals("alias,key-file,access\nblue,k,draft\n")
        self.assertIn("token add --access", line)

    def test_columns_may_be_left_out(self) -> None:
        """A file of keys needs two columns."""
        text = "alias,api_key_file\nclient-blue,keys/blue\n"
        self.assertEqual(read_table(text), [(2, BLUE)])

    def test_as_spreadsheets_write_it(self) -> None:
        """Semicolons, a byte order mark, quotes and CRLF are accepted."""
        text = '\ufeffAlias;API key file\r\n"client-blue";"keys/blue"\r\n'
        self.assertEqual(read_table(text), [(2, BLUE)])

    def test_each_line_is_named(self) -> None:
        """Every line that is not an entry is named, and no value of it is repeated."""
        text = "alias,api_key_file\na,k,SECRET\nb\nc,k\n"
        lines = refusals(text)
        self.assertEqual(
            [line.partition(":")[0] for line in lines], ["line 2", "line 3"]
        )
        self.assertNotIn("SECRET", str(lines))

    def test_first_line(self) -> None:
        """A first line that does not name the columns is refused, with their names."""
        for text in ("client-blue,keys/blue\n", "alias,color\n", "alias,alias\n", ""):
            self.assertIn(",".join(COLUMNS), refusals(text)[0], text)

    def test_nothing_and_nonsense(self) -> None:
        """A file without entries, or with a quote that never ends, is refused."""
        self.assertEqual(refusals("alias\n\n"), ("the file lists no workspace",))
        self.assertIn("not comma-separated", refusals('alias\n"a\n')[0])

    @given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
    def test_round_trip(self, rows: list[tuple[str, str]]) -> None:
        """What the csv module writes is read as it was."""
        out = StringIO()
        csv.writer(out).writerows([("alias", "id"), *rows])
        read = [(each.alias, each.id) for _, each in read_table(out.getvalue())]
        self.assertEqual(read, rows)
