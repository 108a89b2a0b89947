"""Checks whether the files and folders that the settings name can be used.

It tries to write instead of reading permissions: a file system may be read-only or
full, and root has permission everywhere. It removes everything that it creates.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from ...state.database import (
    DATABASE_FILE_NAME,
    DatabaseUnusableError,
    check_database,
)
from ...state.sealed_tokens import KEY_FILE_NAME, KeyFile
from ..settings.settings import Settings
from ..state_access import open_to_others
from ..state_dir import may_be_ignored
from .findings import Findings


def check_files(settings: Settings, findings: Findings) -> None:
    """Check the state directory, the seal keys, the log file and the ready file."""
    _check_state(settings, findings)
    if settings.log_file is not None:
        problem = problem_with_log(settings.log_file)
        _note(findings, "log_file", "IMCP-LOG", settings.log_file, problem)
    if settings.ready_file is not None:
        problem = problem_with_ready_file(settings.ready_file)
        _note(findings, "ready_file", "IMCP-READY", settings.ready_file, problem)


def _note(
    findings: Findings, name: str, code: str, path: Path, problem: str | None
) -> None:
    if problem is None:
        findings.fine.append(f"{name} {path} can be written")
    else:
        findings.errors.append(f"{code} {path} cannot be written: {problem}")


def _check_state(settings: Settings, findings: Findings) -> None:
    path = settings.state_dir
    problem = "there is no home folder" if path is None else _problem_with_state(path)
    if problem is None:
        findings.fine.append(f"state_dir {path} can be used")
    elif may_be_ignored(settings):
        findings.warnings.append(
            f"IMCP-STATE sessions will not survive a restart: {path}: {problem}"
        )
    else:
        findings.errors.append(f"IMCP-STATE {path} cannot be used: {problem}")
    if path is not None and problem is None:
        _check_database(path / DATABASE_FILE_NAME, findings)
    keys = settings.seal_key_file
    if keys is None and path is not None and problem is None:
        keys = path / KEY_FILE_NAME
    if keys is not None:
        _check_seal_keys(keys, findings)


def _problem_with_state(path: Path) -> str | None:
    problem = open_to_others(path, os.geteuid()) if os.path.isdir(path) else None
    return problem or problem_with_folder(path)


def _check_database(path: Path, findings: Findings) -> None:
    try:
        check_database(str(path))
    except DatabaseUnusableError as error:
        findings.errors.append(f"IMCP-STATE {error}")


def _check_seal_keys(path: Path, findings: Findings) -> None:
    problem: str | None
    if not path.exists():
        # The daemon creates it when it starts.
        problem = problem_with_folder(path.parent)
    else:
        problem = _problem_in_keys(path)
    if problem is not None:
        line = f"IMCP-STATE the seal keys cannot be used: {problem}"
        findings.errors.append(line)


def _problem_in_keys(path: Path) -> str | None:
    try:
        KeyFile(str(path)).load()
    except OSError as error:
        return error.strerror or type(error).__name__
    except ValueError as error:
        return str(error)
    return None


def problem_with_log(path: Path) -> str | None:
    """Return why lines cannot be appended to a log file; ``None`` if they can."""
    # With O_CREAT, opening follows a link whose target does not exist yet.
    path = path.resolve()
    if path.is_dir():
        return "it is a folder"
    there = path.exists()
    if not there and not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    # Without O_NONBLOCK, opening a FIFO waits for a reader.
    flags = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK
    try:
        os.close(os.open(path, flags if there else flags | os.O_CREAT | os.O_EXCL))
    except OSError as error:
        if error.errno == errno.ENXIO:
            return "it is a FIFO that no process reads"
        return _reason(error)
    if not there:
        path.unlink(missing_ok=True)
    return None


def problem_with_ready_file(path: Path) -> str | None:
    """Return why the ready file cannot be written; ``None`` if it can."""
    if path.is_dir():
        return "it is a folder"
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.stat().st_mode):
            return "it is not a regular file, and would be replaced by one"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    return _problem_with_writing(path.parent)


def problem_with_folder(path: Path) -> str | None:
    """Return why a folder cannot be used or created; ``None`` if it can."""
    made: list[Path] = []
    try:
        for folder in (*reversed(path.parents), path):
            if not folder.exists():
                if not folder.parent.is_dir():
                    return f"{folder.parent} is not a folder"
                folder.mkdir(mode=0o700)
                made.append(folder)
        return _problem_with_writing(path)
    except OSError as error:
        return _reason(error)
    finally:
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()


def _problem_with_writing(folder: Path) -> str | None:
    if not folder.is_dir():
        return f"{folder} is not a folder"
    try:
        with TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return f"{folder}: {error.strerror}"


def _reason(error: OSError) -> str:
    name = f"{os.fsdecode(error.filename)}: " if error.filename else ""
    return f"{name}{error.strerror or type(error).__name__}"
