"""Reads secrets from files, and says what is wrong with those files.

No message here repeats anything that was read.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from .._credential import Secret
from .mistakes import Mistakes

MIN_KEY = 10
MAX_KEY_FILE = 65536


def as_secret(text: str, where: str) -> Secret:
    """Check a secret that was given as text.

    :param where: names its origin in the message.
    :raises Mistakes: when it cannot be one.
    """
    value = text.strip()
    if len(value) < MIN_KEY:
        raise Mistakes(f"IMCP-KEY {where} holds fewer than {MIN_KEY} characters")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise Mistakes(f"IMCP-KEY {where} holds more than one word of visible ASCII")
    return Secret(value)


def read_secret(path: Path) -> Secret:
    """Read the one secret that a file holds.

    :raises Mistakes: when the file cannot be read or holds no secret.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY_FILE)
    except OSError as error:
        raise Mistakes(_unreadable(path, error)) from None
    return as_secret(data.decode("utf-8", "replace"), str(path))


def _unreadable(path: Path, error: OSError) -> str:
    """Name the file, unless the name may be a key that was put in its place."""
    if isinstance(error, FileNotFoundError) and not path.is_absolute():
        return (
            "IMCP-KEY there is no such key file; it is not named here, for the name "
            "may be a key: give the name of the file that holds it"
        )
    return f"IMCP-KEY {path} cannot be read: {error.strerror}"


def exposures(path: Path, *, secret: bool) -> Iterator[str]:
    """Yield a warning for everything that exposes a file to other users.

    :param secret: the file must not even be read by others.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        is_link = path.is_symlink()
    except OSError:
        return
    if secret and mode & stat.S_IROTH:
        yield (
            f"IMCP-PERM {path} is readable by every user ({mode:04o}); chmod 0640 it"
        )
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield (
            f"IMCP-PERM {path} is writable by other users ({mode:04o}); chmod 0640 it"
        )
    if secret and is_link:
        yield f"IMCP-PERM {path} is a symbolic link; name the file itself"
