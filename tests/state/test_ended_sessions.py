"""Ended sessions stay ended, in a limited number, and the file holds no ids."""

from __future__ import annotations

import os
import stat

from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.state.ended_sessions import Tombstones


class TombstonesTests(SynchronousTestCase):
    """`Tombstones` with and without its file."""

    def setUp(self) -> None:
        """Choose a path in a fresh directory."""
        directory = self.mktemp()
        os.mkdir(directory)
        self.path = os.path.join(directory, "ended")

    def lines(self) -> list[str]:
        """Return the lines of the file."""
        with open(self.path, encoding="ascii") as file:
            return file.read().splitlines()

    def test_remembers(self) -> None:
        """An added id is in, another is not."""
        tombstones = Tombstones()
        tombstones.add("one")
        self.assertIn("one", tombstones)
        self.assertNotIn("two", tombstones)

    def test_survives(self) -> None:
        """The next process knows what was added, through a private file."""
        Tombstones(self.path).add("one")
        again = Tombstones(self.path)
        self.assertIn("one", again)
        self.assertEqual(len(again), 1)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)

    def test_file_holds_no_id(self) -> None:
        """The file does not hold the ids themselves."""
        Tombstones(self.path).add("a-session-id")
        self.assertNotIn("a-session-id", "".join(self.lines()))

    def test_twice(self) -> None:
        """Adding an id twice writes it once."""
        tombstones = Tombstones(self.path)
        tombstones.add("one")
        tombstones.add("one")
        self.assertEqual(len(self.lines()), 1)

    def test_bounded(self) -> None:
        """Memory and file stay bounded; the oldest are forgotten."""
        tombstones = Tombstones(self.path, most=3)
        for number in range(20):
            tombstones.add(f"id-{number}")
            self.assertLessEqual(len(self.lines()), 6)
        self.assertEqual(len(tombstones), 3)
        self.assertIn("id-19", tombstones)
        self.assertNotIn("id-0", tombstones)
        self.assertIn("id-19", Tombstones(self.path, most=3))

    def test_damaged_file(self) -> None:
        """Lines that are not digests are ignored."""
        Tombstones(self.path).add("one")
        with open(self.path, "ab") as file:
            file.write(b"\xff\xfe half a li\n\n0123")
        tombstones = Tombstones(self.path)
        self.assertIn("one", tombstones)
        self.assertEqual(len(tombstones), 1)

    def test_disk_fails(self) -> None:
        """If the file cannot be written, memory still remembers, and it is logged."""
        tombstones = Tombstones(os.path.join(self.path, "no", "such", "directory"))
        with capturedLogs() as events:
            tombstones.add("one")
        self.assertIn("one", tombstones)
        self.assertEqual(len(events), 1)
