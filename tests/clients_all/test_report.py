"""The table keeps the lines of clients that were not driven."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from .clients import CLIENTS
from .report import (
    HEAD,
    TABLE_BEGIN,
    TABLE_END,
    cells_of,
    line_of,
    lines_in,
    not_installed,
    places,
    with_rows,
)
from .stages import STAGES, Outcome, Row

EMPTY = f"before\n{TABLE_BEGIN}\n{TABLE_END}\nafter\n"


def row(number: int, said: str) -> Row:
    """Return a row of the client with this number, on its first transport."""
    client = CLIENTS[number]
    outcomes = {stage: Outcome(True, said) for stage in STAGES}
    return Row(client, client.paths[0], "2026-07-28", outcomes)


class TableTests(SynchronousTestCase):
    def test_first_rows(self):
        """Rows are written between the marks, in the order of the clients."""
        written = with_rows(EMPTY, [row(1, "ok"), row(0, "ok")])
        begin, end = "before\n" + TABLE_BEGIN, TABLE_END + "\nafter\n"
        self.assertTrue(written.startswith(begin) and written.endswith(end), written)
        first = [(client.title, client.paths[0]) for client in CLIENTS[:2]]
        self.assertEqual(list(lines_in(written)), first)
        self.assertIn(line_of(HEAD), written)

    def test_other_rows_stay(self):
        """A row replaces the one of its client and transport."""
        before = with_rows(EMPTY, [row(0, "ok"), row(1, "ok")])
        after = with_rows(before, [row(0, "fails")])
        changed = lines_in(after)
        first, second = (CLIENTS[n].title for n in (0, 1))
        self.assertIn("| fails |", changed[first, CLIENTS[0].paths[0]])
        self.assertIn("| ok |", changed[second, CLIENTS[1].paths[0]])
        self.assertEqual(with_rows(after, []), after)

    def test_removed_client(self):
        """The line of a client that does not exist any more is left out."""
        line = line_of(["Old", "1.0", "`/mcp`", *["ok"] * (len(HEAD) - 3)])
        document = f"{TABLE_BEGIN}\n{line}\n{TABLE_END}"
        self.assertEqual(list(lines_in(document)), [("Old", "/mcp")])
        self.assertEqual(lines_in(with_rows(document, [])), {})

    def test_stage_not_reached(self):
        """A stage without outcome is shown as such."""
        client = CLIENTS[0]
        cells = cells_of(Row(client, "/mcp", outcomes={"tools": Outcome(True, "40")}))
        self.assertEqual(len(cells), len(HEAD))
        self.assertEqual(cells[3:6], ("not shown", "40", "not reached"))

    def test_not_installed(self):
        """A client that cannot be installed has its rows, and its failures."""
        client = CLIENTS[0]
        absent = not_installed(client, "/mcp")
        self.assertEqual(set(cells_of(absent)[4:]), {"not installed"})
        self.assertEqual(len(absent.failures), len(STAGES))

    def test_cells(self):
        """A bar in a cell does not end the cell."""
        self.assertEqual(line_of(["a|b", "c"]), "| a/b | c |")

    def test_places(self):
        """There is a place for each client and transport."""
        self.assertEqual(
            len(list(places())), sum(len(client.paths) for client in CLIENTS)
        )
