"""Remembers the ids of ended sessions, so that these cannot be adopted again.

Only digests are stored: the file contains nothing that could be used as a session id.
The number is limited, and the oldest are forgotten first. A forgotten session can be
adopted again, but only by its own principal.
"""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from hashlib import sha256
from typing import ClassVar, final

from twisted.logger import Logger

MAX_IDS = 20_000
ENDED_SESSIONS_FILE_NAME = "ended-sessions"

_LINE = re.compile(r"[0-9a-f]{32}")


@final
class EndedSessions:
    """A bounded set of ended session ids, in memory and optionally in a file.

    :param path: the file, one digest per line; ``None`` to forget them on exit.
    :param most: number of ids that are remembered.
    """

    log: ClassVar[Logger] = Logger()

    def __init__(self, path: str | None = None, most: int = MAX_IDS) -> None:
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
        """Remember that the session of this id has ended.

        If the file cannot be written, this is logged, and the id is remembered in
        memory.
        """
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
        """Append one line. A file with too many lines is rewritten instead."""
        try:
            if self._lines >= 2 * self._most:
                self._rewrite(path)
                return
            with open(path, "a", encoding="ascii", opener=_private) as file:
                file.write(f"{digest}\n")
            self._lines += 1
        except OSError as error:
            # A full disk must not prevent that a session is closed.
            self._complain(error)

    def _rewrite(self, path: str) -> None:
        temporary = f"{path}.{os.getpid()}.new"
        with open(temporary, "w", encoding="ascii", opener=_private) as file:
            file.writelines(f"{digest}\n" for digest in self._digests)
        os.replace(temporary, path)
        self._lines = len(self._digests)

    def _complain(self, error: OSError) -> None:
        self.log.warn(
            "Ended sessions cannot be stored in {path}: {reason}",
            path=self._path,
            reason=error.strerror,
        )


def _digest(session_id: str) -> str:
    return sha256(session_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
