"""Reads secrets from files, and explains what is wrong with such a file.

No message repeats what was read, nor a file name that may be a key by mistake.
"""

from __future__ import annotations

import os
import re
import stat
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path

from ...._credential import Secret
from ....pipeline.key_form import MIN_KEY_LENGTH, mistake_in
from ..errors import ConfigurationError

MAX_SECRET_FILE_BYTES = 65536

_KEY_LIKE = re.compile(r"[\w+/=.-]{10,}", re.ASCII)
_FILE_LIKE = re.compile(r"(?:\.{0,2}|~)/[^+=]*|[^+=]*\.[A-Za-z]{1,6}")


def as_secret(text: str, where: str, *, sandbox: bool = False) -> Secret:
    """Check a secret that was given as text.

    :param where: the source of the text, for the message.
    :param sandbox: accept a short key that begins with ``sandbox``.
    :raises ConfigurationError: when the text is not a possible secret.
    """
    value = text.strip()
    if not value:
        raise ConfigurationError(f"IMCP-KEY {where} holds no key: it is empty")
    lines = len(value.splitlines())
    if lines > 1:
        raise ConfigurationError(
            f"IMCP-KEY {where} holds {lines} lines; it must hold the key and nothing "
            "else"
        )
    mistake = mistake_in(value, sandbox=sandbox)
    if mistake is not None:
        raise ConfigurationError(f"IMCP-KEY {where} holds {mistake.found}")
    return Secret(value)


def read_secret(path: Path, setting: str = "", *, sandbox: bool = False) -> Secret:
    """Read a file that holds one secret and nothing else.

    :param setting: the setting that names the file, for the message.
    :param sandbox: accept a short key that begins with ``sandbox``.
    :raises ConfigurationError: when the file cannot be read or does not hold a secret.
    """
    named = f"{setting}: " if setting else ""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SECRET_FILE_BYTES)
    except OSError as error:
        raise ConfigurationError(
            f"IMCP-KEY {named}{_unreadable(path, error)}"
        ) from None
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or b"\0" in data:
        raise ConfigurationError(
            f"IMCP-KEY {named}{path} holds UTF-16 text or binary data; save it as "
            "plain text (ASCII or UTF-8)"
        )
    text = data.decode("utf-8", "replace")
    return as_secret(text, f"{named}{path}", sandbox=sandbox)


def may_be_key(path: Path) -> bool:
    """Return whether a file name looks like a key that was given in its place."""
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
    """Explain the error; name the file unless its name may be a key."""
    if may_be_key(path):
        return (
            "there is no such key file; its name is not shown because it may be a key: "
            "give the name of the file that holds the key"
        )
    if isinstance(error, FileNotFoundError):
        return f"{path} does not exist: correct the name, or create the file"
    return f"{path} cannot be read: {error.strerror}"


def exposures(path: Path, *, secret: bool) -> Iterator[str]:
    """Yield a warning for each way in which a file is exposed to other users.

    :param secret: other users must not read the file either.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        is_link = path.is_symlink()
    except OSError:
        return
    # Right for a file of mode 0600, and for one of 0640 that a group must read.
    fix = f"run chmod {'g-w,o=' if secret else 'go-w'} {path}"
    if secret and mode & stat.S_IROTH:
        yield f"IMCP-PERM {path} is readable by every user ({mode:04o}): {fix}"
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield f"IMCP-PERM {path} is writable by other users ({mode:04o}): {fix}"
    if secret and is_link:
        yield f"IMCP-PERM {path} is a symbolic link: name the file itself"
