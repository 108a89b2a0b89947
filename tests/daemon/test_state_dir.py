"""Where the keys that seal session ids come from."""

from __future__ import annotations

import os
import sqlite3
import stat
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from attrs import evolve
from cryptography.fernet import Fernet
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from instantly_mcp.daemon import state_dir
from instantly_mcp.daemon.settings.errors import ConfigurationError
from instantly_mcp.daemon.settings.loading import resolve
from instantly_mcp.daemon.state_dir import StateDirectory, open_state_directory
from instantly_mcp.state import directory_lock
from instantly_mcp.state.database import MemoryDatabase, SqliteDatabase
from instantly_mcp.state.directory_lock import DirectoryLock


class StateDirectoryTests(SynchronousTestCase):
    """In a folder, in a file, or only in memory."""

    def keep(
        self, environ: dict[str, str] | None = None, **given: str
    ) -> StateDirectory:
        """Return the state directory for these settings."""
        state = open_state_directory(resolve(given, environ or {}), lambda: 1.8e9)
        self.addCleanup(state.close)
        return state

    def test_state_directory(self):
        """The folder is private, and sealed tokens open again after a restart."""
        path = Path(self.mktemp()) / "state"
        first = self.keep(state_dir=str(path))
        token = first.seal.seal("test", b"payload")
        self.successResultOf(first.close())
        again = self.keep(state_dir=str(path))
        self.assertEqual(again.seal.unseal("test", token), b"payload")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o700)

    def test_seal_key_file(self):
        """Two instances with one key file open each other's ids."""
        path = Path(self.mktemp())
        path.write_bytes(Fernet.generate_key() + b"\n")
        path.chmod(0o600)
        one, two = (self.keep(seal_key_file=str(path)) for _ in range(2))
        token = one.seal.seal("test", b"payload")
        self.assertEqual(two.seal.unseal("test", token), b"payload")

    def test_opened_by_root(self):
        """What root creates belongs to the folder's owner, as whom the daemon runs.

        What the owner could have linked to from there does not: it may be root's own.
        """
        path = Path(self.mktemp())
        path.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
        (path / "link").symlink_to("elsewhere")
        owner, given = path.stat(), set[tuple[str, int, int]]()
        outside = Path(self.mktemp())
        outside.write_bytes(b"of root's")
        (path / "other-name").hardlink_to(outside)
        (path / "its-own").write_bytes(b"")
        seen = os.lstat

        def of_root(file):
            fields = list(seen(file))
            fields[4] = 4242 if file.endswith("its-own") else 0
            return os.stat_result(fields)

        def chown(file, user, group, *, follow_symlinks):
            self.assertFalse(follow_symlinks)
            given.add((file, user, group))

        self.patch(os, "geteuid", lambda: 0)
        self.patch(os, "chown", chown)
        self.patch(os, "lstat", of_root)
        self.keep(state_dir=str(path))
        self.patch(os, "lstat", seen)
        others = {"link", "other-name", "its-own"}
        files = [str(each) for each in path.iterdir() if each.name not in others]
        self.assertGreater(len(files), 2)
        expected = {(each, owner.st_uid, owner.st_gid) for each in files}
        self.assertEqual(given, expected)

    def test_nowhere(self):
        """Without a home there is no folder, and ids live as long as the process."""
        state = self.keep()
        self.assertIsNone(state.path)
        self.assertIsNone(state.key_file)

    def test_default_cannot_be_used(self):
        """A default folder that cannot be used is not used."""
        path = Path(self.mktemp())
        path.write_bytes(b"")
        self.assertIsNone(self.keep({"HOME": str(path)}).path)

    def test_default_with_a_history(self):
        """A default folder that is there and cannot be used is not ignored.

        It may say that sending is off. A sandbox does without it.
        """
        home = Path(self.mktemp())
        path = home / ".local/state/instantly-mcp"
        path.mkdir(parents=True)
        self.patch(os, "access", lambda path, mode: False)
        with self.assertRaises(ConfigurationError) as caught:
            self.keep({"HOME": str(home)})
        self.assertIn(f"IMCP-STATE {path} cannot be used", caught.exception.lines[0])
        environ = {"HOME": str(home), "INSTANTLY_MCP_SANDBOX": "1"}
        self.assertIsNone(self.keep(environ).path)

    def test_every_user_can_write(self):
        """A folder in which every user can replace files is refused, as by sshd."""
        path = Path(self.mktemp())
        path.mkdir()
        path.chmod(0o777)
        with self.assertRaises(ConfigurationError) as caught:
            self.keep(state_dir=str(path))
        self.assertIn("chmod go-w", caught.exception.lines[0])
        self.assertEqual(list(path.iterdir()), [])

    def test_named_folder_cannot_be_used(self):
        """A folder that the operator named and that cannot be used is a mistake."""
        path = Path(self.mktemp())
        path.write_bytes(b"")
        with self.assertRaises(ConfigurationError) as caught:
            self.keep(state_dir=str(path))
        self.assertIn("IMCP-STATE", caught.exception.lines[0])

    def test_database(self):
        """The database is in the folder, and in memory where there is none."""
        path = Path(self.mktemp()) / "state"
        self.assertIsInstance(self.keep(state_dir=str(path)).database, SqliteDatabase)
        self.assertTrue((path / "state.sqlite3").exists())
        self.assertIsInstance(self.keep().database, MemoryDatabase)

    def test_database_cannot_be_used(self):
        """Anything else in the place of the database is a mistake, and stays there.

        The folder is free again after it.
        """
        path = Path(self.mktemp())
        path.mkdir()
        file = path / "state.sqlite3"
        file.write_bytes(b"precious")
        file.chmod(0o600)
        with self.assertRaises(ConfigurationError) as caught:
            self.keep(state_dir=str(path))
        self.assertIn(f"IMCP-STATE {file} cannot be used", caught.exception.lines[0])
        self.assertEqual(file.read_bytes(), b"precious")
        file.unlink()
        self.keep(state_dir=str(path))

    def test_end_of_an_audit_that_fails(self):
        """When the audit cannot be closed, the database is, and the folder is free."""
        path = Path(self.mktemp())
        ends = self.ending(fail(OSError("disk full")))
        state = evolve(self.keep(state_dir=str(path)), audit=ends)
        self.failureResultOf(state.close(), OSError)
        self.assertClosed(state)
        self.keep(state_dir=str(path))

    def test_end_that_is_cancelled(self):
        """When the time is over, nothing is waited for, and the folder is free."""
        path = Path(self.mktemp())
        one, other = self.ending(Deferred()), self.ending(Deferred())
        state = evolve(self.keep(state_dir=str(path)), audit=one, database=other)
        ending = state.close()
        self.assertNoResult(ending)
        ending.cancel()
        self.failureResultOf(ending, CancelledError)
        self.keep(state_dir=str(path))

    def ending(self, ended: Deferred[None]) -> Any:
        """Return an audit or a database that ends like this."""
        return SimpleNamespace(close=lambda: ended)

    def assertClosed(self, state: StateDirectory) -> None:
        """Fail unless the database is closed."""
        running = state.database.run(lambda cursor: None)
        self.failureResultOf(running, sqlite3.ProgrammingError)

    def test_second_daemon(self):
        """A second daemon on the same folder is refused, with what to do."""
        path = Path(self.mktemp())
        home = {"HOME": str(path)}
        self.patch(directory_lock, "TRIES", 1)
        self.keep(home)
        with self.assertRaises(ConfigurationError) as caught:
            self.keep(home)
        (line,) = caught.exception.lines
        self.assertIn(f"{path}/.local/state/instantly-mcp cannot be used", line)
        self.assertIn("--state-dir", line)

    def test_command_at_the_start(self):
        """A daemon waits for a command that holds the folder for a moment."""
        path = Path(self.mktemp())
        path.mkdir(mode=0o700)
        command = DirectoryLock(str(path))
        soon = partial(directory_lock.lock_soon, pause=command.release)
        self.patch(state_dir, "lock_soon", soon)
        self.assertEqual(self.keep(state_dir=str(path)).path, str(path))

    def test_second_sandbox(self):
        """A second sandbox with the default folder remembers nothing instead."""
        home = {"HOME": str(Path(self.mktemp())), "INSTANTLY_MCP_SANDBOX": "1"}
        self.assertIsInstance(self.keep(home).database, SqliteDatabase)
        second = self.keep(home)
        self.assertIsNone(second.path)
        self.assertIsInstance(second.database, MemoryDatabase)
        with self.assertRaises(ConfigurationError):
            self.patch(directory_lock, "TRIES", 1)
            self.keep(home, state_dir=f"{home['HOME']}/.local/state/instantly-mcp")

    def test_no_key_in_the_file(self):
        """A key file without a key is a mistake."""
        path = Path(self.mktemp())
        path.write_bytes(b"nonsense\n")
        path.chmod(0o600)
        with self.assertRaises(ConfigurationError):
            self.keep(seal_key_file=str(path))
