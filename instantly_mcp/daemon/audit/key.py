"""The key of the audit file's chain: a file of the state directory with mode 0600."""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path

KEY_FILE_NAME = "audit.key"
KEY_BYTES = 32

_BY_OTHERS = stat.S_IRWXO | stat.S_IRWXG
_MAX_BYTES = 4096


def read_key(directory: Path) -> bytes:
    """Return the key of the file.

    :raises FileNotFoundError: if there is none.
    :raises ValueError: if other users may open it, or if it does not hold a key.
    :raises OSError: if it cannot be read.
    """
    path = directory / KEY_FILE_NAME
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if os.fstat(descriptor).st_mode & _BY_OTHERS:
            raise ValueError(f"other users can open {path}: chmod 600 {path}")
        text = os.read(descriptor, _MAX_BYTES).strip()
    finally:
        os.close(descriptor)
    if not re.fullmatch(rb"[0-9a-f]{%d}" % (2 * KEY_BYTES), text):
        raise ValueError(f"{path} does not hold a key")
    return bytes.fromhex(text.decode())


def make_key(directory: Path) -> bytes:
    """Create the key file, and return its key.

    Two processes must not do so at the same time.

    :raises OSError: if it cannot be created.
    """
    path = directory / KEY_FILE_NAME
    temporary = directory / f"{KEY_FILE_NAME}.new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
        file.write(secrets.token_hex(KEY_BYTES).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_directory(directory)
    return read_key(directory)


def problem_with_key(directory: Path, path: Path) -> str | None:
    """Return why lines cannot be added to an audit file; ``None`` if they can.

    :param directory: the state directory, which has the key or gets one.
    :param path: the audit file.
    """
    try:
        read_key(directory)
    except FileNotFoundError:
        if path.exists() and path.stat().st_size:
            return (
                f"its key is missing: restore {directory / KEY_FILE_NAME}, or move "
                "the file away"
            )
    except OSError as error:
        return error.strerror or type(error).__name__
    except ValueError as error:
        return str(error)
    return None


def sync_directory(path: Path) -> None:
    """Make the names of a directory durable.

    :raises OSError: if that fails.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
