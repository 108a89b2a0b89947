"""Opens the state directory: lock, database, audit file, and keys of sealed tokens.

The keys come from ``seal_key_file``, else from the state directory. Without a usable
state directory they and the database exist only in memory, and end with the process.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import frozen
from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from .._deferred import deferred
from ..state.database import (
    DATABASE_FILE_NAME,
    DatabaseUnusableError,
    MemoryDatabase,
    SqliteDatabase,
)
from ..state.directory_lock import (
    LOCK_FILE_NAME,
    DirectoryInUseError,
    DirectoryLock,
    lock_soon,
)
from ..state.interfaces import IDatabase
from ..state.sealed_tokens import KEY_FILE_NAME, KeyFile, TokenSealer, make_token_sealer
from .audit.build import Audit, open_audit
from .settings.errors import ConfigurationError
from .settings.settings import Settings
from .state_access import open_to_others, user_name

log = Logger()


@frozen(kw_only=True)
class StateDirectory:
    """The seal, the database and the audit, and where persistent state is stored.

    :param path: the directory; ``None`` when no state outlives this process.
    :param key_file: the file that a reload reads again; ``None`` for keys in memory.
    :param lock: keeps other daemons out of the directory.
    """

    seal: TokenSealer
    path: str | None
    key_file: KeyFile | None
    database: IDatabase
    audit: Audit
    lock: DirectoryLock | None = None

    @deferred
    async def start(self, reactor: Any) -> None:
        """Let the database and the audit use their threads from now on.

        :raises ConfigurationError: when it cannot be opened any more.
        """
        self.audit.start(reactor)
        try:
            await self.database.start(reactor)
        except sqlite3.Error as error:
            raise ConfigurationError(
                f"IMCP-STATE {self.path}/{DATABASE_FILE_NAME} cannot be used: {error}"
            ) from None

    @deferred
    async def close(self) -> None:
        """Finish what is being written, and let another process use the directory.

        When it is cancelled, it waits for neither the audit nor the database.
        """
        try:
            await self._close_files()
        finally:
            if self.lock is not None:
                self.lock.release()

    async def _close_files(self) -> None:
        cancelled = False
        try:
            await self.audit.close()
        except CancelledError:
            cancelled = True
            raise
        finally:
            closing = self.database.close()
            if cancelled:
                closing.cancel()
            await closing


def open_state_directory(
    settings: Settings, wall: Callable[[], float]
) -> StateDirectory:
    """Return the seal, the database and the audit that the settings describe.

    :param wall: returns the time in seconds since the epoch.
    :raises ConfigurationError: when the seal keys, the database, the audit file, or a
        state directory that the operator named, cannot be used.
    """
    path = usable_state_dir(settings)
    lock = None if path is None else _lock(path, settings)
    if lock is None:
        path = None
    try:
        seal, key_file = make_seal(settings, path, wall)
        state = StateDirectory(
            seal=seal,
            path=path,
            key_file=key_file,
            database=make_database(path),
            audit=open_audit(settings, path, wall),
            lock=lock,
        )
    except ConfigurationError:
        if lock is not None:
            lock.release()
        raise
    if path is not None:
        _give_to_owner(path)
    return state


def _give_to_owner(path: str) -> None:
    """Give the files that root created to the owner of the state directory.

    With ``twistd --uid`` the process changes to that user once it has opened its ports,
    and must still be able to write them.
    """
    owner = os.stat(path)
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    with os.scandir(path) as entries:
        for entry in entries:
            if _is_given(os.lstat(entry.path)):
                os.chown(entry.path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _is_given(status: os.stat_result) -> bool:
    """Say whether root created a file, and it has no other name.

    The owner of the directory could link to a file of root's from there.
    """
    is_roots = status.st_uid == 0 and stat.S_ISREG(status.st_mode)
    return is_roots and status.st_nlink == 1


def _lock(path: str, settings: Settings) -> DirectoryLock | None:
    """Lock the directory; ``None``, after a warning, for a sandbox that can do without.

    A second daemon with a real key must not ignore what the first has noted.
    """
    does_without = settings.sandbox and settings.is_default("state_dir")
    try:
        return DirectoryLock(path) if does_without else lock_soon(path)
    except DirectoryInUseError as error:
        if does_without:
            _warn(path, str(error))
            return None
        raise ConfigurationError(
            f"IMCP-STATE {path} cannot be used: {error}; give this one another "
            f"--state-dir"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"IMCP-STATE {path}/{LOCK_FILE_NAME} cannot be used: {error.strerror}"
        ) from None


def make_database(path: str | None) -> IDatabase:
    """Return the database in a directory; without one, a database in memory.

    :raises ConfigurationError: when it cannot be used.
    """
    if path is None:
        return MemoryDatabase()
    try:
        return SqliteDatabase(os.path.join(path, DATABASE_FILE_NAME))
    except DatabaseUnusableError as error:
        raise ConfigurationError(f"IMCP-STATE {error}") from None


def make_seal(
    settings: Settings, path: str | None, wall: Callable[[], float]
) -> tuple[TokenSealer, KeyFile | None]:
    """Return the seal, and the file that has its keys.

    :param path: the state directory; without one the keys are in memory.
    :raises ConfigurationError: when the keys cannot be used.
    """
    try:
        if settings.seal_key_file is not None:
            key_file = KeyFile(str(settings.seal_key_file))
            return TokenSealer(key_file.load(), wall), key_file
        seal = make_token_sealer(path, wall)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(
            f"IMCP-STATE the seal keys cannot be used: {why}"
        ) from None
    if path is None:
        return seal, None
    return seal, KeyFile(os.path.join(path, KEY_FILE_NAME))


def usable_state_dir(settings: Settings) -> str | None:
    """Create the state directory if needed.

    :returns: its path; ``None``, after a warning, when the default one cannot be used.
    :raises ConfigurationError: when it cannot be used, and must not be ignored.
    """
    path = settings.state_dir
    if path is None:
        return None
    problem = _problem(path)
    if problem is None:
        return str(path)
    if not may_be_ignored(settings):
        raise ConfigurationError(f"IMCP-STATE {path} cannot be used: {problem}")
    _warn(str(path), problem)
    return None


def may_be_ignored(settings: Settings) -> bool:
    """Say whether a daemon may run without the state directory that it cannot use.

    A default one may be missing. If it is there, it may have what a daemon with a real
    key must not forget: that sending is off, or that a token was revoked.
    """
    there = settings.state_dir is not None and os.path.isdir(settings.state_dir)
    return settings.is_default("state_dir") and (settings.sandbox or not there)


def _warn(path: str, problem: str) -> None:
    log.warn(
        "IMCP-STATE sessions will not survive a restart: {path}: {problem}",
        path=path,
        problem=problem,
    )


def _problem(path: Path) -> str | None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return error.strerror or type(error).__name__
    user, owner = os.geteuid(), path.stat().st_uid
    problem = open_to_others(path, user)
    if problem is not None or os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return problem
    if user in {0, owner}:
        return "it cannot be written, as on a read-only file system"
    return f"it belongs to {user_name(owner)}, and this user cannot write there"
