"""Which session ids are over, so that none of them is taken for a lost one.

Only digests are kept, so the file is worth nothing to whoever reads it. It is bounded:
the oldest are forgotten, and what is forgotten can at worst be adopted by its owner.
"""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from hashlib import sha256
from typing import ClassVar, final

from twisted.logger import Logger

MAX_TOMBSTONES = 20_000
TOMBSTONES_NAME = "ended-sessions"

_LINE = re.compile(r"[0-9a-f]{32}")


@final
class Tombstones:
    """A bounded set of ended session ids, in memory and perhaps in a file.

    :param path: the file, one digest a line; ``None`` to forget them on exit.
    """

    log: ClassVar[Logger] = Logger()

    def __init__(self, path: str | None = None, most: int = MAX_TOMBSTONES) -> None:
        self._path = path
        self._most = most
        self._digests: OrderedDict[str, None] = OrderedDict()
        self._lines = 0
        self._load()

    def __contains__(self, session_id: str) -> bool:
        return _digest(session_id) in self._digests

    def __len__(self) -> int:
        return len(self._digests)

    def add(self, session_id: str) -> None:
        """Remember that the session of this id is over."""
        digest = _digest(session_id)
        if digest in self._digests:
            return
        self._remember(digest)
        if self._path is not None:
            self._append(self._path, digest)

    def _remember(self, digest: str) -> None:
        self._digests[digest] = None
        if len(self._digests) > self._most:
            self._digests.popitem(last=False)

    def _load(self) -> None:
        if self._path is None:
            return
        try:
            with open(self._path, encoding="ascii", errors="replace") as file:
                for line in file:
                    self._lines += 1
                    if _LINE.fullmatch(line.rstrip("\n")):
                        self._remember(line.rstrip("\n"))
        except FileNotFoundError:
            return
        except OSError as error:
            self._complain(error)

    def _append(self, path: str, digest: str) -> None:
        """Write one line; now and then write the file anew without the forgotten."""
        try:
            if self._lines >= 2 * self._most:
                self._rewrite(path)
                return
            with open(path, "a", encoding="ascii", opener=_private) as file:
                file.write(f"{digest}\n")
            self._lines += 1
        except OSError as error:
            # A full disk must not keep anybody from closing a session.
            self._complain(error)

    def _rewrite(self, path: str) -> None:
        temporary = f"{path}.{os.getpid()}.new"
        with open(temporary, "w", encoding="ascii", opener=_private) as file:
            file.writelines(f"{digest}\n" for digest in self._digests)
        os.replace(temporary, path)
        self._lines = len(self._digests)

    def _complain(self, error: OSError) -> None:
        self.log.warn(
            "Ended sessions cannot be kept in {path}: {reason}",
            path=self._path,
            reason=error.strerror,
        )


def _digest(session_id: str) -> str:
    return sha256(session_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
