"""Commands without a daemon, on the files of a state directory."""

from __future__ import annotations

import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp._json_codec import Json
from instantly_mcp.daemon.control.direct import (
    is_empty,
    run_directly,
    run_on_nothing,
    state_directory,
)
from instantly_mcp.daemon.control.requests import CommandRefusedError
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.settings.loading import examine
from instantly_mcp.state import directory_lock
from instantly_mcp.state.directory_lock import DirectoryLock

NOW = 1.8e9


class DirectTests(SynchronousTestCase):
    """One command after the other, each as a process of its own."""

    def setUp(self) -> None:
        """Have a state directory."""
        self.folder = Path(self.mktemp())
        self.folder.mkdir(mode=0o700)

    def run_command(self, command: str, /, **arguments: Json) -> Json:
        """Run a command to its end."""
        run = run_directly(str(self.folder), lambda: NOW)
        return self.successResultOf(run(command, arguments))

    def test_remembered(self) -> None:
        """What one command stores is there for the next, in files of mode 0600."""
        made = self.run_command("token.add", name="ada")
        (listed,) = self.run_command("token.list")
        self.assertEqual(listed["id"], made["id"])
        for path in self.folder.iterdir():
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)
            self.assertNotIn(made["token"].encode(), path.read_bytes(), path)

    def test_released(self) -> None:
        """After a command, even a refused one, a daemon can have the directory."""
        self.run_command("token.list")
        running = run_directly(str(self.folder))("token.revoke", {"token": "ada"})
        self.failureResultOf(running, CommandRefusedError)
        DirectoryLock(str(self.folder)).release()

    def test_in_use(self) -> None:
        """While another process uses the directory, nothing is read or written."""
        self.patch(directory_lock, "TRIES", 1)
        lock = DirectoryLock(str(self.folder))
        self.addCleanup(lock.release)
        before = sorted(self.folder.iterdir())
        alone: list[bool] = []
        run = run_directly(str(self.folder), when_alone=lambda: alone.append(True))
        running = run("token.add", {"name": "ada"})
        failure = self.failureResultOf(running, CommandRefusedError)
        self.assertEqual(alone, [])
        self.assertIn("control socket cannot be reached", failure.getErrorMessage())
        self.assertEqual(sorted(self.folder.iterdir()), before)

    def test_bad_database(self) -> None:
        """A file that is not the database is named, and left as it is."""
        path = self.folder / "state.sqlite3"
        path.write_bytes(b"something else" * 100)
        path.chmod(0o600)
        running = run_directly(str(self.folder))("token.list", {})
        failure = self.failureResultOf(running, ConfigurationError)
        self.assertIn("IMCP-STATE", failure.getErrorMessage())
        self.assertIn("state.sqlite3", failure.getErrorMessage())
        self.assertEqual(path.read_bytes(), b"something else" * 100)
        DirectoryLock(str(self.folder)).release()

    def test_other_mistakes(self) -> None:
        """Mistakes in other settings keep no one from administration."""
        given = {"state_dir": str(self.folder), "rate_limit": "x"}
        settings, errors = examine(given, {})
        self.assertTrue(errors)
        self.assertEqual(state_directory(settings, errors), str(self.folder))

    def test_no_state_directory(self) -> None:
        """Without a state directory there is nothing to administer."""
        settings, errors = examine({}, {})
        for create in (True, False):
            with self.assertRaises(ConfigurationError) as raised:
                state_directory(settings, errors, create=create)
            self.assertIn("--state-dir", raised.exception.lines[0])

    def test_reading_leaves_no_trace(self) -> None:
        """A command that only reads creates no directory, and finds nothing."""
        folder = self.folder / "new"
        settings, errors = examine({"state_dir": str(folder)}, {})
        self.assertEqual(state_directory(settings, errors, create=False), str(folder))
        self.assertTrue(is_empty(str(folder)))
        running = run_on_nothing(lambda: NOW)("token.list", {})
        self.assertEqual(self.successResultOf(running), [])
        self.assertFalse(folder.exists())

    def test_not_empty(self) -> None:
        """What was stored is read, also when it cannot be used."""
        self.assertTrue(is_empty(str(self.folder)))
        self.run_command("token.add", name="ada")
        self.assertFalse(is_empty(str(self.folder)))
        database = self.folder / "state.sqlite3"
        database.unlink()
        database.symlink_to("nowhere")
        self.assertFalse(is_empty(str(self.folder)))
