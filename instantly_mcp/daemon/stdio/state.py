"""What `instantly-mcp stdio` keeps: several processes with one key at the same time.

Each client starts a process of its own: Claude Desktop one, Cursor another. They must
neither refuse each other nor forget, at the next start, how many mails were sent today.
So the state directory of a daemon has a folder ``stdio``, in it one folder for each
Instantly key, and in that:

- ``state.sqlite3`` and ``seal.keys``, which all processes share. Every rule that reads
  and writes the database does so in one transaction, and nothing of it is kept in
  memory but the records of administration, which do not exist here. So the caps of a
  day, the use of a confirmation and writes with an unknown outcome hold for all of
  them together. A process that starts takes writes that another one is sending for
  unknown until that one has finished them, which errs on the safe side.
- ``process-1`` and so on, each for one process at a time, with its audit file: only one
  process may continue a chain.

A daemon does not look into ``stdio``. In a sandbox nothing is kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from attrs import evolve
from twisted.logger import Logger

from ...state.directory_lock import (
    DirectoryInUseError,
    DirectoryLock,
    can_lock,
    lock_soon,
)
from ..audit.build import open_audit
from ..settings.errors import ConfigurationError
from ..settings.settings import Settings
from ..state_dir import (
    StateDirectory,
    make_database,
    make_seal,
    open_state_directory,
    usable_state_dir,
)

log = Logger()

FOLDER_NAME = "stdio"

MAX_PROCESSES = 64
"""Processes with one key that may run at a time."""

_SHOWN_DIGITS = 16


def open_stdio_state(settings: Settings, wall: Callable[[], float]) -> StateDirectory:
    """Return the state of a process that serves one client with its own key.

    :param wall: returns the time in seconds since the epoch.
    :raises ConfigurationError: when the state cannot be used.
    """
    folder = _folder(settings)
    if folder is None:
        return open_state_directory(evolve(settings, state_dir=None), wall)
    at = evolve(settings, state_dir=folder)
    path = usable_state_dir(at)
    if path is None:
        return open_state_directory(evolve(settings, state_dir=None), wall)
    try:
        # While one process creates the files, another one must wait.
        opening = lock_soon(path)
    except (DirectoryInUseError, OSError) as error:
        raise ConfigurationError(f"IMCP-STATE {path} cannot be used: {error}") from None
    try:
        return _opened(at, path, wall)
    finally:
        opening.release()


def _folder(settings: Settings) -> Path | None:
    """Return the folder of the key; ``None`` to keep everything in memory."""
    if settings.sandbox or settings.state_dir is None or settings.api_key is None:
        return None
    if not can_lock():
        log.warn(
            "IMCP-STATE this system has no file locks that instantly-mcp can use: "
            "limits count from the start of this process, and audit lines go to this "
            "log. To keep both, run a daemon and connect with --url"
        )
        return None
    name = settings.api_key.digest()[:_SHOWN_DIGITS]
    return Path(settings.state_dir) / FOLDER_NAME / name


def _opened(settings: Settings, path: str, wall: Callable[[], float]) -> StateDirectory:
    own, lock = _own_folder(path)
    try:
        seal, key_file = make_seal(settings, path, wall)
        return StateDirectory(
            seal=seal,
            path=own,
            key_file=key_file,
            database=make_database(path),
            audit=open_audit(settings, own, wall),
            lock=lock,
        )
    except ConfigurationError:
        lock.release()
        raise


def _own_folder(path: str) -> tuple[str, DirectoryLock]:
    """Create or choose the folder of this process, which no other one uses."""
    for number in range(1, MAX_PROCESSES + 1):
        own = os.path.join(path, f"process-{number}")
        try:
            os.makedirs(own, mode=0o700, exist_ok=True)
            return own, DirectoryLock(own)
        except DirectoryInUseError:
            continue
        except OSError as error:
            raise ConfigurationError(
                f"IMCP-STATE {own} cannot be used: {error.strerror}"
            ) from None
    raise ConfigurationError(
        f"IMCP-STATE {MAX_PROCESSES} processes with this key run already: end some of "
        "them, or run a daemon and connect with --url"
    )
