"""Tokens that a client carries and cannot change, and the key file behind them.

Session ids, request states, confirmation tokens and cursors are all sealed here, each
for its purpose: a token of one purpose means nothing for another. What is in a payload
is the caller's business.
"""

from __future__ import annotations

import os
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import ClassVar, final

from attrs import define
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from twisted.logger import Logger
from zope.interface import implementer

from ..protocol.interfaces import ISeal

MAX_TOKEN = 1 << 20
"""Longer texts are not ours and are not decrypted to find out. A request state, which
holds the answers of earlier rounds, is the longest of ours."""

MAX_KEY_FILE = 4096

MAX_KEYS = 8
"""Keys that are tried; older ones are forgotten when a new one is added."""

KEY_FILE_NAME = "seal.keys"

_VERSION = "gAAAAA"
"""What every Fernet token of this century begins with."""

_BY_OTHERS = stat.S_IRWXO | stat.S_IWGRP


@final
@implementer(ISeal)
class Seal:
    """Seals with the first key and opens with any of them.

    :param keys: Fernet keys, the newest first.
    :param wall: seconds since the epoch, stamped on each token.
    :raises ValueError: without keys, or for a malformed one.
    """

    def __init__(self, keys: Sequence[bytes], wall: Callable[[], float]) -> None:
        self._wall = wall
        self.replace_keys(keys)

    def replace_keys(self, keys: Sequence[bytes]) -> None:
        """Go on with other keys, after a rotation. The newest comes first."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, purpose: str, payload: bytes) -> str:
        """Return visible ASCII without padding: safe in a header and in a URL."""
        content = purpose.encode() + b"\0" + payload
        token = self._fernet.encrypt_at_time(content, int(self._wall()))
        return token.rstrip(b"=").decode("ascii")

    def unseal(self, purpose: str, token: str) -> bytes | None:
        """Return the payload, or ``None`` for every text but the one we issued."""
        if len(token) > MAX_TOKEN or not token.startswith(_VERSION):
            return None
        padded = _canonical(token)
        if padded is None:
            return None
        try:
            content = self._fernet.decrypt(padded)
        except InvalidToken:
            return None
        sealed_for, _, payload = content.partition(b"\0")
        return payload if sealed_for == purpose.encode() else None


def looks_sealed(token: str) -> bool:
    """Say whether a text has the form of a sealed token, under whatever key.

    A server that restarts without a state directory cannot open its own tokens.
    """
    return token.startswith(_VERSION)


def _canonical(token: str) -> bytes | None:
    """Return the token with its padding, if base64 spells its bytes just so.

    The decoder skips foreign characters and ignores the last, unused bits; without
    this check many texts would be one token.
    """
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        spelled = urlsafe_b64encode(urlsafe_b64decode(padded))
    except ValueError:
        return None
    return padded if spelled == padded and not token.endswith("=") else None


@define(eq=False)
class KeyFile:
    """The file that holds the keys, one a line, the newest first; mode 0600.

    Several instances may share one file: whoever comes first creates it.
    """

    log: ClassVar[Logger] = Logger()

    path: str

    def load(self) -> Sequence[bytes]:
        """Return the keys, after creating the file if there is none.

        A file that other users can open is not used: the keys returned instead live
        in memory only, and the log says why.

        :raises ValueError: if the file holds no keys, or something else.
        :raises OSError: if it can be neither read nor created.
        """
        try:
            keys = self._read()
        except FileNotFoundError:
            self._create([Fernet.generate_key()])
            keys = self._read()
        if keys is not None:
            return keys
        self.log.warn(
            "Other users can open {path}; its keys are not used, and sessions "
            "will not survive a restart. Delete it, or: chmod 600 {path}",
            path=self.path,
        )
        return [Fernet.generate_key()]

    def reload(self) -> Sequence[bytes]:
        """Return the keys as they are now; unlike `load`, invent none.

        :raises ValueError: if the file holds no keys, or others can open it.
        :raises OSError: if it cannot be read.
        """
        if stat.S_ISFIFO(os.stat(self.path).st_mode):
            # Opening it would wait for a writer.
            raise ValueError(f"{self.path} is a FIFO, which can be read only once")
        keys = self._read()
        if keys is None:
            raise ValueError(f"other users can open {self.path}")
        return keys

    def rotate(self) -> Sequence[bytes]:
        """Put a new key in front of the others and return them all."""
        keys = [Fernet.generate_key(), *self.load()][:MAX_KEYS]
        temporary = self._write(keys)
        os.replace(temporary, self.path)
        return keys

    def _read(self) -> Sequence[bytes] | None:
        """Return the keys, or ``None`` if other users can open the file."""
        with open(self.path, "rb") as file:
            if os.fstat(file.fileno()).st_mode & _BY_OTHERS:
                return None
            lines = file.read(MAX_KEY_FILE).split()
        for line in lines:
            _required_key(line, self.path)
        if not lines:
            raise ValueError(f"{self.path} holds no key")
        return lines[:MAX_KEYS]

    def _create(self, keys: Sequence[bytes]) -> None:
        temporary = self._write(keys)
        try:
            os.link(temporary, self.path)
        except FileExistsError:
            pass  # Another instance was faster: its keys count.
        except OSError:
            os.replace(temporary, self.path)  # This file system has no hard links.
            return
        os.unlink(temporary)

    def _write(self, keys: Sequence[bytes]) -> str:
        temporary = f"{self.path}.{os.getpid()}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(b"".join(key + b"\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        return temporary


def _required_key(line: bytes, path: str) -> None:
    try:
        Fernet(line)
        spelled = urlsafe_b64encode(urlsafe_b64decode(line))
    except ValueError:
        spelled = b""
    if spelled != line:
        raise ValueError(f"{path} holds a line that is no key")


def make_seal(state_dir: str | None, wall: Callable[[], float]) -> Seal:
    """Return a seal with the keys of the state directory, or of this process only.

    :param state_dir: an existing directory, or ``None``: then nothing that is sealed
        can be opened after a restart.
    """
    if state_dir is None:
        return Seal([Fernet.generate_key()], wall)
    return Seal(KeyFile(os.path.join(state_dir, KEY_FILE_NAME)).load(), wall)
