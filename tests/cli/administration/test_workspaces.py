"""The command line ``instantly-mcp workspace``."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.cli.administration.workspaces import (
    WorkspaceAddOptions,
    WorkspaceImportOptions,
    WorkspaceListOptions,
    WorkspaceRemoveOptions,
)
from instantly_mcp.daemon.control.commands.workspaces import (
    AddWorkspace,
    ImportWorkspaces,
    RemoveWorkspace,
)


class AddTests(SynchronousTestCase):
    def parsed(self, *words: str) -> object:
        """Return the request of ``workspace add``."""
        options = WorkspaceAddOptions()
        options.parseOptions(words)
        return options.request()

    def test_options_before_and_after_the_alias(self) -> None:
        """The alias may be the first word, the last one, or between the options."""
        expected = AddWorkspace(alias="blue", under="agency", id="ws-1")
        for words in (
            ("blue", "--under", "agency", "--id", "ws-1"),
            ("--under", "agency", "--id", "ws-1", "blue"),
            ("--under=agency", "blue", "--id=ws-1"),
        ):
            self.assertEqual(self.parsed(*words), expected, words)

    def test_file_is_made_absolute(self) -> None:
        """The daemon may have another working directory."""
        request = self.parsed("blue", "--api-key-file", "keys/blue")
        expected = AddWorkspace(alias="blue", api_key_file=os.path.abspath("keys/blue"))
        self.assertEqual(request, expected)

    def test_empty_value(self) -> None:
        """An option with an empty value does not take the next word as its value."""
        request = self.parsed("one", "--under", "", "--id", "ws-1")
        self.assertEqual(request, AddWorkspace(alias="one", under="", id="ws-1"))

    def test_key_in_the_place_of_a_file(self) -> None:
        """A key that is given in the place of its file is refused, not repeated."""
        key = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo6MTIzNDU2Nzg="
        error = self.assertRaises(
            usage.UsageError, self.parsed, "blue", "--api-key-file", key
        )
        self.assertNotIn(key, str(error))

    def test_wrong_words(self) -> None:
        """No alias, two of them and unknown options are refused."""
        for words in (
            (),
            ("--id", "x"),
            ("a", "b"),
            ("a", "--key", "x"),
            ("a", "--id"),
        ):
            self.assertRaises(usage.UsageError, self.parsed, *words)


class ImportTests(SynchronousTestCase):
    def parsed(self, *words: str) -> object:
        """Return the request of ``workspace import``."""
        options = WorkspaceImportOptions()
        options.parseOptions(words)
        return options.request()

    def test_content_and_folder(self) -> None:
        """The content of the file is sent, and the folder in which it is."""
        path = Path(self.mktemp()).absolute()
        path.write_text("alias,api_key_file\n")
        expected = ImportWorkspaces(
            table="alias,api_key_file\n", folder=str(path.parent)
        )
        self.assertEqual(self.parsed(str(path)), expected)

    def test_dry_run(self) -> None:
        """With --dry-run the daemon only checks, and says what would be added."""
        options = WorkspaceImportOptions()
        options.parseOptions(["clients.csv", "--dry-run"])
        self.assertEqual(options.command, "workspace.check")
        shown = options.shown({"valid": ["blue"], "warnings": ["a warning"]})
        self.assertEqual(list(shown), ["would add blue", "a warning"])
        options = WorkspaceImportOptions()
        options.parseOptions(["clients.csv"])
        self.assertEqual(options.command, "workspace.import")

    def test_files_that_cannot_be_read(self) -> None:
        """A file that is missing, too large, or not text is refused."""
        large, binary = Path(self.mktemp()), Path(self.mktemp())
        large.write_bytes(b"a" * (512 * 1024 + 1))
        binary.write_bytes(b"\xff\xfe")
        for path in (large, binary, Path(self.mktemp())):
            self.assertRaises(usage.UsageError, self.parsed, str(path))


class ShownTests(SynchronousTestCase):
    def test_list(self) -> None:
        """Each workspace has a line; one that cannot be used says why."""
        blue = {"alias": "blue", "api_key_file": "/k", "under": None, "id": None}
        one = {"alias": "one", "api_key_file": None, "under": "blue", "id": "ws-1"}
        value = {"workspaces": [{**blue, "trouble": ""}, {**one, "trouble": "gone"}]}
        _, first, second = WorkspaceListOptions().shown(value)
        self.assertEqual(first.split(), ["blue", "/k", "ok"])
        self.assertEqual(second.split("  ")[-1], "gone")

    def test_empty_list(self) -> None:
        """Without workspaces the list says how to add one."""
        (line,) = WorkspaceListOptions().shown({"workspaces": []})
        self.assertIn("workspace add", line)

    def test_remove(self) -> None:
        """The alias is sent, and what was removed is shown."""
        options = WorkspaceRemoveOptions()
        options.parseOptions(["blue"])
        self.assertEqual(options.request(), RemoveWorkspace(alias="blue"))
        self.assertEqual(list(options.shown({"removed": "blue"})), ["removed blue"])
