"""The commands about workspaces, on real files and a real database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._credential import Secret
from instantly_mcp._json_codec import JsonObject
from instantly_mcp.access.tokens.book import TokenTerms
from instantly_mcp.access.workspaces.book import KeyFileError
from instantly_mcp.daemon.access.books import load_books
from instantly_mcp.daemon.access.workspace_keys import KeyFileReader, exposed_key_files
from instantly_mcp.daemon.control.requests import CommandRefusedError
from instantly_mcp.daemon.control.subjects import command_table
from instantly_mcp.state.database import MemoryDatabase
from tests.support.workspace_books import token_for


class WorkspaceCommandTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Make two key files, and a book without workspaces."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.learned: list[Secret] = []
        for name in ("agency", "green"):
            self.write_key(name, f"sandbox-{name}")
        self.database = MemoryDatabase()
        self.addCleanup(self.database.close)
        self.open()

    def open(self) -> None:
        """Load the book, as a start of the daemon does."""
        books = load_books(self.database, lambda: 0.0, learn=self.learned.append)
        self.book, self.tokens = books.workspaces, books.tokens
        self.table = command_table(books)

    def write_key(self, name: str, content: str, mode: int = 0o600) -> str:
        """Write a key file; return its path."""
        path = self.folder / f"{name}.key"
        path.write_text(content)
        path.chmod(mode)
        return str(path)

    def run_command(self, name: str, **arguments: Any) -> Any:
        """Run a command that succeeds; return its value."""
        return self.successResultOf(self.table.run(f"workspace.{name}", arguments))

    def refused(self, name: str, **arguments: Any) -> tuple[str, ...]:
        """Run a command that is refused; return its sentences."""
        running = self.table.run(f"workspace.{name}", arguments)
        refusal: CommandRefusedError = self.failureResultOf(
            running, CommandRefusedError
        ).value
        return refusal.lines

    def add_agency(self) -> JsonObject:
        """Add the admin workspace."""
        file = str(self.folder / "agency.key")
        added: JsonObject = self.run_command("add", alias="agency", api_key_file=file)
        return added

    def aliases(self) -> list[str]:
        """Return the aliases of the list, after a restart."""
        self.open()
        return [each["alias"] for each in self.run_command("list")["workspaces"]]

    def test_add(self) -> None:
        """A workspace that was added can be used at once, and after a restart."""
        self.assertEqual(self.add_agency(), {"added": ["agency"], "warnings": []})
        self.run_command("add", alias="one", under="agency", id="ws-1")
        for _ in range(2):
            credential = self.book.credential_for(token_for("one"), None)
            self.assertEqual(credential.secret.reveal(), "sandbox-agency")
            self.open()

    def test_check_of_a_table(self) -> None:
        """A table is checked as an import checks it, and nothing is added."""
        table = "alias,key-file,under,workspace-id\nagency,agency.key,,\n"
        given = {"table": f"{table}one,,agency,ws-1\n", "folder": str(self.folder)}
        self.assertEqual(
            self.run_command("check", **given),
            {"valid": ["agency", "one"], "warnings": []},
        )
        self.assertEqual(self.aliases(), [])
        given["table"] += "two,gone.key,,\n"
        failure = self.failureResultOf(
            self.table.run("workspace.check", given), CommandRefusedError
        )
        (line,) = failure.value.lines
        self.assertTrue(line.startswith("line 4: two: "), line)
        self.assertIn("gone.key does not exist", line)

    def test_list_shows_no_key(self) -> None:
        """The list names the files of keys, and no key."""
        self.add_agency()
        self.run_command("add", alias="one", under="agency", id="ws-1")
        shown = self.run_command("list")
        self.assertNotIn("sandbox-", str(shown))
        agency, one = shown["workspaces"]
        self.assertEqual(agency["api_key_file"], str(self.folder / "agency.key"))
        self.assertEqual(
            (one["under"], one["id"], one["trouble"]), ("agency", "ws-1", "")
        )

    def test_list_shows_trouble(self) -> None:
        """A file that is gone after a restart is named, also for those that need it."""
        self.add_agency()
        self.run_command("add", alias="one", under="agency", id="ws-1")
        (self.folder / "agency.key").unlink()
        self.open()
        for each in self.run_command("list")["workspaces"]:
            self.assertIn("agency.key does not exist", each["trouble"])

    def test_exposed_file(self) -> None:
        """A key file that others can read is used, with a warning."""
        file = self.write_key("open", "sandbox-open", 0o644)
        (warning,) = self.run_command("add", alias="open", api_key_file=file)[
            "warnings"
        ]
        self.assertIn("readable by every user", warning)
        self.assertEqual(list(exposed_key_files(self.book)), [warning])

    def test_bad_files(self) -> None:
        """A file that does not hold a key is refused, and its content is not shown."""
        bad = {
            "two": "sandbox-agency\nsandbox-green\n",
            "empty": "",
            "short": "abc",
        }
        for name, content in bad.items():
            file = self.write_key(name, content)
            (line,) = self.refused("add", alias=name, api_key_file=file)
            self.assertTrue(line.startswith(f"{name}: "), line)
            if content:
                self.assertNotIn(content, line)
        self.assertEqual(self.aliases(), [])

    def test_import(self) -> None:
        """All workspaces of a table are added; paths begin at its folder."""
        table = (
            "alias,api_key_file,under,id\nagency,agency.key,,\n"
            "one,,agency,ws-1\ngreen,green.key,,\n"
        )
        added = self.run_command("import", table=table, folder=str(self.folder))
        self.assertEqual(added["added"], ["agency", "one", "green"])
        self.assertEqual(self.aliases(), ["agency", "green", "one"])

    def test_import_all_or_nothing(self) -> None:
        """Each line that cannot be added is named, and none is added."""
        self.add_agency()
        table = (
            "alias,api_key_file,under,id\none,,agency,ws-1\nx,,agency,ws-2\n\n"
            "two,,agency,ws-1\none,,agency,ws-3\ngone,gone.key,,\nagency,green.key,,\n"
        )
        lines = self.refused("import", table=table, folder=str(self.folder))
        self.assertEqual(
            [line.partition(":")[0] for line in lines],
            ["line 3", "line 5", "line 6", "line 7", "line 8"],
        )
        self.assertEqual(self.aliases(), ["agency"])

    def test_import_of_no_table(self) -> None:
        """A file that is not a table is refused with the names of its columns."""
        (line,) = self.refused("import", table="a b c", folder="/")
        self.assertIn("alias,api_key_file,under,id", line)

    def test_remove(self) -> None:
        """What was removed is not in the list; what does not exist is refused."""
        self.add_agency()
        self.assertEqual(
            self.run_command("remove", alias="agency"), {"removed": "agency"}
        )
        self.assertEqual(self.aliases(), [])
        self.assertEqual(len(self.refused("remove", alias="agency")), 1)

    def test_remove_what_tokens_use(self) -> None:
        """A workspace stays until its tokens are revoked."""
        self.add_agency()
        terms = TokenTerms(name="Ada", workspaces=("agency",))
        token, _ = self.successResultOf(self.tokens.issue(terms))
        (line,) = self.refused("remove", alias="agency")
        self.assertIn("Ada", line)
        self.successResultOf(self.tokens.revoke(token))
        self.run_command("remove", alias="agency")

    def test_token_for_a_workspace(self) -> None:
        """A token is issued for a workspace that exists only."""
        asked = {"name": "Ada", "workspaces": ["agency"]}
        self.failureResultOf(self.table.run("token.add", asked), CommandRefusedError)
        self.add_agency()
        self.successResultOf(self.table.run("token.add", asked))

    def test_keys_are_learned(self) -> None:
        """Each key is made known to the log's redaction, when added and when loaded."""
        self.add_agency()
        self.open()
        self.assertEqual(self.learned, [Secret("sandbox-agency")] * 2)


class KeyFileTests(SynchronousTestCase):
    """What the daemon reads as the key of a workspace."""

    def read(self, content: str, reader: KeyFileReader) -> str:
        """Read a file; return the key, or why it cannot be used."""
        path = Path(self.mktemp())
        path.write_text(content)
        try:
            return reader(str(path)).reveal()
        except KeyFileError as error:
            self.assertNotIn(content, str(error))
            return "refused"

    def test_sandbox(self) -> None:
        """The sandbox gets only its own keys, Instantly no short ones."""
        real = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo6MTIzNDU2Nzg="
        sandbox = KeyFileReader(only_sandbox=True)
        self.assertEqual(self.read("sandbox-a\n", sandbox), "sandbox-a")
        self.assertEqual(self.read(real, sandbox), "refused")
        live = KeyFileReader(sandbox=False)
        self.assertEqual(self.read(real, live), real)
        self.assertEqual(self.read("sandbox-a", live), "refused")

    def test_fifo(self) -> None:
        """A FIFO is refused instead of waited for."""
        path = self.mktemp()
        os.mkfifo(path)
        with self.assertRaises(KeyFileError) as caught:
            KeyFileReader()(path)
        self.assertIn("FIFO", str(caught.exception))
