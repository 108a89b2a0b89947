"""Reads secrets from files, and says what is wrong with those files.

No message here repeats anything that was read, nor a file name that may be a key.
"""

from __future__ import annotations

import os
import re
import stat
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path

from .._credential import Secret
from ..pipeline.key_form import MIN_KEY_LENGTH, mistake_in
from .mistakes import Mistakes

MAX_KEY_FILE = 65536

_KEY_LIKE = re.compile(r"[\w+/=.-]{10,}", re.ASCII)
_FILE_LIKE = re.compile(r"(?:\.{0,2}|~)/[^+=]*|[^+=]*\.[A-Za-z]{1,6}")


def as_secret(text: str, where: str, *, sandbox: bool = False) -> Secret:
    """Check a secret that was given as text.

    :param where: names its origin in the message.
    :param sandbox: a key that begins with ``sandbox`` may be short.
    :raises Mistakes: when it cannot be one.
    """
    value = text.strip()
    if not value:
        raise Mistakes(f"IMCP-KEY {where} holds no key: it is empty")
    lines = len(value.splitlines())
    if lines > 1:
        raise Mistakes(
            f"IMCP-KEY {where} holds {lines} lines; it must hold the key and nothing "
            "else"
        )
    mistake = mistake_in(value, sandbox=sandbox)
    if mistake is not None:
        raise Mistakes(f"IMCP-KEY {where} holds {mistake.found}")
    return Secret(value)


def read_secret(path: Path, setting: str = "", *, sandbox: bool = False) -> Secret:
    """Read the one secret that a file holds.

    :param setting: where the name of the file comes from, to be named in a message.
    :param sandbox: a key that begins with ``sandbox`` may be short.
    :raises Mistakes: when the file cannot be read or holds no secret.
    """
    named = f"{setting}: " if setting else ""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY_FILE)
    except OSError as error:
        raise Mistakes(f"IMCP-KEY {named}{_unreadable(path, error)}") from None
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or b"\0" in data:
        raise Mistakes(
            f"IMCP-KEY {named}{path} holds UTF-16 text or binary data; save it as "
            "plain text (ASCII or UTF-8)"
        )
    text = data.decode("utf-8", "replace")
    return as_secret(text, f"{named}{path}", sandbox=sandbox)


def may_be_key(path: Path) -> bool:
    """Say whether what is given as the name of a file may be the key itself."""
    name = str(path)
    if len(name) < MIN_KEY_LENGTH or _FILE_LIKE.fullmatch(name):
        return False
    return _KEY_LIKE.fullmatch(name) is not None and not _exists(path)


def _exists(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except OSError:
        return False


def _unreadable(path: Path, error: OSError) -> str:
    """Name the file, unless the name may be a key that was put in its place."""
    if may_be_key(path):
        return (
            "there is no such key file; its name is not shown because it may be a key: "
            "give the name of the file that holds the key"
        )
    if isinstance(error, FileNotFoundError):
        return f"there is no such key file: {path} ({error.strerror})"
    return f"{path} cannot be read: {error.strerror}"


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
