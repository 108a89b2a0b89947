"""Tells the process that started a detached daemon how the start ended.

``twistd`` forks twice. Its first process waits for a byte from the daemon and ends. It
is told of success before the daemon listens, and of no failure but an `Exception` that
is raised while services start: if the daemon ends in another way it waits for ever,
because it holds the writing end of its own pipe. (Source: ``daemonize`` and
``postApplication`` in ``twisted.scripts._twistd_unix``.)

So the first process waits here instead, right after its fork, until the daemon says
that it listens or is gone. Only then, and if all is well, twistd goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from .mistakes import EX_CONFIG, as_lines

EX_ENDED = 1
"""The daemon ended while it started, and did not say why."""

_LISTENING = b"0"


class StartReport:
    """A pipe from the daemon to the process that started it.

    Make it in the first process, before the fork.

    :param stream: the terminal of the caller.
    :param log_file: where a daemon that ended without a word may have said more.
    :param pid_file: removed when the start fails: a daemon that took another user may
        not be allowed to. twistd has made sure that it was no other daemon's.
    :param leave: ends the first process with a status.
    """

    def __init__(
        self,
        stream: TextIO,
        log_file: object,
        pid_file: Path | None = None,
        leave: Callable[[int], object] = os._exit,
    ) -> None:
        self._stream = stream
        self._log_file = log_file
        self._pid_file = pid_file
        self._leave = leave
        self._starter = os.getpid()
        self._reader, self._writer = os.pipe()
        self._open = True
        os.register_at_fork(after_in_parent=self._wait)

    def publish(self, urls: Sequence[str]) -> None:
        """Say that the daemon listens."""
        self._say(_LISTENING)
        self._close()

    def withdraw(self) -> None:
        """The daemon stops: if it was never published, `tell` has said why."""

    def tell(self, lines: Sequence[str]) -> None:
        """Say why the daemon cannot start.

        The starter goes on to wait for the end of this process, which still removes
        its files.
        """
        self._say(as_lines(lines).encode("utf-8", "backslashreplace"))

    def _say(self, data: bytes) -> None:
        if not self._open or os.getpid() == self._starter:
            return
        try:
            os.write(self._writer, data)
        except OSError:
            # Somebody ended the process that waits.
            self._close()

    def _close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._writer)
            os.close(self._reader)

    def _wait(self) -> None:
        """Wait, in the first process, for the daemon that it forked."""
        if not self._open or os.getpid() != self._starter:
            return
        self._open = False
        try:
            os.close(self._writer)
            said = self._all_said()
        except BaseException:
            # Ctrl-C. An exception would be lost here, and twistd would wait on.
            self._leave(EX_ENDED)
            return
        if said == _LISTENING:
            return
        if said:
            self._stream.write(said.decode("utf-8", "replace"))
        else:
            line = f"the daemon ended while it started; see {self._log_file}"
            self._stream.write(as_lines([line]))
        self._stream.flush()
        if self._pid_file is not None:
            with suppress(OSError):
                self._pid_file.unlink()
        self._leave(EX_CONFIG if said else EX_ENDED)

    def _all_said(self) -> bytes:
        said = b""
        while data := os.read(self._reader, 65536):
            said += data
        return said
