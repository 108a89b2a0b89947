"""Commands without a daemon: the command line opens the state itself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from twisted.logger import Logger

from ..._deferred import deferred
from ..._json_codec import Json, JsonObject
from ..._noop import noop
from ...state.database import (
    DATABASE_FILE_NAME,
    DatabaseUnusableError,
    MemoryDatabase,
    SqliteDatabase,
)
from ...state.directory_lock import DirectoryInUseError, lock_soon
from ..access.books import load_books
from ..audit.audit_log import AuditLog
from ..audit.file import FILE_NAME, AuditFile
from ..settings.errors import ConfigurationError
from ..settings.settings import Settings
from ..state_dir import usable_state_dir
from .client import RunDirectly
from .requests import CommandRefusedError
from .subjects import command_table

log = Logger()


def state_directory(
    settings: Settings, errors: Sequence[str], *, create: bool = True
) -> str:
    """Return the state directory of the settings.

    Other settings may be wrong: a daemon that they keep from starting can still be
    administered.

    :param errors: the errors in the settings.
    :param create: create it if needed; a command that only reads leaves no trace.
    :raises ConfigurationError: when there is none, or it cannot be used.
    """
    named = state_directory_to_read(settings, errors)
    if not create and not os.path.lexists(named):
        return named
    return usable_state_dir(settings) or _no_directory()


def state_directory_to_read(settings: Settings, errors: Sequence[str]) -> str:
    """Return the state directory of the settings, whether it can be used or not.

    For commands that only read files, for example from a copy on a read-only medium.

    :param errors: the errors in the settings.
    :raises ConfigurationError: when the settings name none.
    """
    if "state_dir" in settings.unknown:
        raise ConfigurationError(*errors)
    return str(settings.state_dir or _no_directory())


def _no_directory() -> NoReturn:
    raise ConfigurationError(
        "IMCP-STATE there is no state directory: name the daemon's with --state-dir"
    )


def is_empty(directory: str) -> bool:
    """Say whether nothing was stored in a state directory yet."""
    return not os.path.lexists(os.path.join(directory, DATABASE_FILE_NAME))


def run_on_nothing(wall: Callable[[], float] = time.time) -> RunDirectly:
    """Return a function that runs a command as if nothing was stored.

    For commands that only read, on a state directory that is empty or missing.

    :param wall: returns the time in seconds since the epoch.
    """

    @deferred
    async def run(name: str, arguments: JsonObject) -> Json:
        books = load_books(MemoryDatabase(), wall)
        return await command_table(books, lasting=False).run(name, arguments)

    return run


def run_directly(
    directory: str,
    wall: Callable[[], float] = time.time,
    audit_file: Path | None = None,
    when_alone: Callable[[], object] = noop,
) -> RunDirectly:
    """Return a function that runs a command on the files of a state directory.

    :param wall: returns the time in seconds since the epoch.
    :param audit_file: the setting.
    :param when_alone: called once it is certain that no daemon uses the directory.
    """
    path = audit_file or Path(directory) / FILE_NAME

    @deferred
    async def run(name: str, arguments: JsonObject) -> Json:
        try:
            lock = lock_soon(directory)
        except DirectoryInUseError:
            raise CommandRefusedError(
                f"a daemon uses {directory}, but its control socket cannot be reached: "
                "wait until it has started; if that does not help, see its log"
            ) from None
        except OSError as error:
            raise CommandRefusedError(
                f"{error.filename} cannot be opened: {error.strerror}"
            ) from None
        try:
            when_alone()
            note = partial(_record, path, directory, wall)
            return await _on_files(directory, name, arguments, wall, note)
        finally:
            lock.release()

    return run


@deferred
async def _on_files(
    directory: str,
    name: str,
    arguments: JsonObject,
    wall: Callable[[], float],
    note: Callable[[JsonObject], object],
) -> Json:
    try:
        database = SqliteDatabase(os.path.join(directory, DATABASE_FILE_NAME))
    except DatabaseUnusableError as error:
        raise ConfigurationError(f"IMCP-STATE {error}") from None
    try:
        books = load_books(database, wall, note=note)
        return await command_table(books, lasting=False).run(name, arguments)
    finally:
        await database.close()


def _record(
    path: Path, directory: str, wall: Callable[[], float], facts: JsonObject
) -> None:
    """Add a line to the audit file. The command is done already, so it never fails."""
    audit = AuditLog(AuditFile(path, Path(directory)), wall)
    try:
        audit.file.start()
        audit.append_now([facts])
    except (OSError, ValueError) as error:
        log.error("IMCP-AUDIT {path} has no line: {why}", path=str(path), why=error)
    finally:
        audit.file.close()
