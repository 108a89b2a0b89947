"""Ended sessions stay ended, in a limited number, and the file holds no ids."""

from __future__ import annotations

import os
import stat

from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.state.ended_sessions import EndedSessions


class EndedSessionsTests(SynchronousTestCase):
    """`EndedSessions` with and without its file."""

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
        ended_sessions = EndedSessions()
        ended_sessions.add("one")
        self.assertIn("one", ended_sessions)
        self.assertNotIn("two", ended_sessions)

    def test_survives(self) -> None:
        """The next process knows what was added, through a private file."""
        EndedSessions(self.path).add("one")
        again = EndedSessions(self.path)
        self.assertIn("one", again)
        self.assertEqual(len(again), 1)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)

    def test_file_holds_no_id(self) -> None:
        """The file does not hold the ids themselves."""
        EndedSessions(self.path).add("a-session-id")
        self.assertNotIn("a-session-id", "".join(self.lines()))

    def test_twice(self) -> None:
        """Adding an id twice writes it once."""
        ended_sessions = EndedSessions(self.path)
        ended_sessions.add("one")
        ended_sessions.add("one")
        self.assertEqual(len(self.lines()), 1)

    def test_bounded(self) -> None:
        """Memory and file stay bounded; the oldest are forgotten."""
        ended_sessions = EndedSessions(self.path, most=3)
        for number in range(20):
            ended_sessions.add(f"id-{number}")
            self.assertLessEqual(len(self.lines()), 6)
        self.assertEqual(len(ended_sessions), 3)
        self.assertIn("id-19", ended_sessions)
        self.assertNotIn("id-0", ended_sessions)
        self.assertIn("id-19", EndedSessions(self.path, most=3))

    def test_damaged_file(self) -> None:
        """Lines that are not digests are ignored."""
        EndedSessions(self.path).add("one")
        with open(self.path, "ab") as file:
            file.write(b"\xff\xfe half a li\n\n0123")
        ended_sessions = EndedSessions(self.path)
        self.assertIn("one", ended_sessions)
        self.assertEqual(len(ended_sessions), 1)

    def test_disk_fails(self) -> None:
        """If the file cannot be written, memory still remembers, and it is logged."""
        ended_sessions = EndedSessions(
            os.path.join(self.path, "no", "such", "directory")
        )
        with capturedLogs() as events:
            ended_sessions.add("one")
        self.assertIn("one", ended_sessions)
        self.assertEqual(len(events), 1)
