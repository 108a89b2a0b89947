"""Sealed tokens: texts that clients store for the server and cannot read or change.

Sealed tokens
-------------
Session ids, request states and cursors are tokens of this kind. The server stores
nothing for them, so they are valid after a restart, and on every instance that has the
same keys.

Content: a purpose (such as ``session``), a NUL byte and a payload, encrypted and
authenticated with Fernet (AES-128-CBC, HMAC-SHA256) and stamped with the time. The
caller of `TokenSealer.seal` chooses the payload: it contains the principal if the token
belongs to one, and a time if the token expires.

What a token proves: a server with one of these keys created it, for this purpose. It
does not prove that the client that presents it is the one that received it, nor that it
is recent: the caller of `TokenSealer.unseal` must check the principal and the age where
they matter. Only the exact text that was issued is accepted (see `_canonical`), so a
token can be a key in a table.

Keys: `KeyFile` holds up to `MAX_KEYS`, the newest first. The first one seals; all of
them unseal, so tokens survive a rotation: add a new first line, and remove old lines
when their tokens have expired. Without a state directory the key lives in memory only.
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

from ..protocol.interfaces import ITokenSealer

MAX_TOKEN_CHARACTERS = 1 << 20
"""Longer texts are refused without decryption. The longest tokens are request states,
which contain the answers of earlier rounds."""

MAX_KEY_FILE_BYTES = 4096

MAX_KEYS = 8
"""How many keys of the file are used; further lines are ignored."""

KEY_FILE_NAME = "seal.keys"

_VERSION = "gAAAAA"
"""The beginning of every Fernet token until the year 4147: its version, and the first
zeros of its time."""

_BY_OTHERS = stat.S_IRWXO | stat.S_IWGRP


@final
@implementer(ITokenSealer)
class TokenSealer:
    """Seals with the first key and unseals with any of them.

    :param keys: Fernet keys, the newest first.
    :param wall: returns seconds since the epoch, the time stamp of new tokens.
    :raises ValueError: without keys, or for a malformed one.
    """

    def __init__(self, keys: Sequence[bytes], wall: Callable[[], float]) -> None:
        self._wall = wall
        self.replace_keys(keys)

    def replace_keys(self, keys: Sequence[bytes]) -> None:
        """Use other keys from now on, the newest first.

        :raises ValueError: without keys, or for a malformed one.
        """
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, purpose: str, payload: bytes) -> str:
        """Return a token of URL-safe base64 characters, without padding."""
        content = purpose.encode() + b"\0" + payload
        token = self._fernet.encrypt_at_time(content, int(self._wall()))
        return token.rstrip(b"=").decode("ascii")

    def unseal(self, purpose: str, token: str) -> bytes | None:
        """Return the payload; ``None`` if the text is not a token for this purpose."""
        if len(token) > MAX_TOKEN_CHARACTERS or not token.startswith(_VERSION):
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
    """Say whether a text has the form of a sealed token, of any key.

    A server that was restarted without a state directory cannot unseal its own tokens.
    """
    return token.startswith(_VERSION)


def _canonical(token: str) -> bytes | None:
    """Return the token with its padding; ``None`` unless it is canonical base64.

    The decoder skips invalid characters and ignores unused bits at the end. Without
    this check many texts would be the same token.
    """
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        spelled = urlsafe_b64encode(urlsafe_b64decode(padded))
    except ValueError:
        return None
    return padded if spelled == padded and not token.endswith("=") else None


@define(eq=False)
class KeyFile:
    """The file with the keys, one per line, the newest first; mode 0600.

    Several instances may share one file: the first one creates it.
    """

    log: ClassVar[Logger] = Logger()

    path: str

    def load(self) -> Sequence[bytes]:
        """Return the keys; create the file if it does not exist.

        A file that other users can open is not used: a key that lives in memory only
        is returned instead, and the log says why.

        :raises ValueError: if the file contains no keys, or anything else.
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
        """Return the present keys of the file; unlike `load`, never creates any.

        :raises ValueError: if the file contains no keys or anything else, is a FIFO, or
            can be opened by other users.
        :raises OSError: if it cannot be read.
        """
        if stat.S_ISFIFO(os.stat(self.path).st_mode):
            # Opening it would block until there is a writer.
            raise ValueError(f"{self.path} is a FIFO, which can be read only once")
        keys = self._read()
        if keys is None:
            raise ValueError(f"other users can open {self.path}")
        return keys

    def _read(self) -> Sequence[bytes] | None:
        """Return the keys, or ``None`` if other users can open the file."""
        with open(self.path, "rb") as file:
            if os.fstat(file.fileno()).st_mode & _BY_OTHERS:
                return None
            lines = file.read(MAX_KEY_FILE_BYTES).split()
        for line in lines:
            _required_key(line, self.path)
        if not lines:
            raise ValueError(f"{self.path} contains no key")
        return lines[:MAX_KEYS]

    def _create(self, keys: Sequence[bytes]) -> None:
        temporary = self._write(keys)
        try:
            os.link(temporary, self.path)
        except FileExistsError:
            pass  # Another instance was faster: its keys are used.
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
        raise ValueError(f"{path} contains a line that is not a key")


def make_token_sealer(state_dir: str | None, wall: Callable[[], float]) -> TokenSealer:
    """Return a sealer with the keys of the state directory.

    :param state_dir: an existing directory, or ``None`` for a key in memory only: then
        no token can be unsealed after a restart.
    """
    if state_dir is None:
        return TokenSealer([Fernet.generate_key()], wall)
    return TokenSealer(KeyFile(os.path.join(state_dir, KEY_FILE_NAME)).load(), wall)
