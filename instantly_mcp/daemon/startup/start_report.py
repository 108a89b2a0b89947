"""Reports to the process that started a detached daemon whether the start succeeded.

``twistd`` without ``-n`` forks twice: the first process, which the caller waits for,
waits for a byte from the daemon and ends. That byte reports success before the daemon
listens, and only an `Exception` in ``startService`` is reported as a failure. If the
daemon ends in another way the first process waits for ever, because it holds the
writing end of its own pipe. (Source: ``daemonize`` and ``postApplication`` in
``twisted.scripts._twistd_unix``.)

So this module uses a pipe of its own. The first process waits right after its fork
(`os.register_at_fork`) until the daemon writes to the pipe or ends:

- the daemon listens: it writes one byte, and twistd continues and ends with status 0;
- the daemon cannot start: it writes the lines that say why, and the first process
  prints them on the caller's terminal and ends with status 78;
- the daemon ends without a report: the first process ends with status 1 and names the
  log file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from ..settings.errors import EX_CONFIG, as_lines

EX_ENDED = 1
"""The exit status when the daemon ended during its start and did not report why."""

_LISTENING = b"0"


class StartReport:
    """A pipe from the daemon to the process that started it.

    Create it in the first process, before the fork.

    :param stream: the terminal of the caller.
    :param log_file: named when the daemon ends without a report.
    :param pid_file: removed when the start fails; a daemon that has switched to another
        user may not be able to. twistd has checked that no other daemon uses it.
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
        """Report that the daemon listens."""
        self._write(_LISTENING)
        self._close()

    def withdraw(self) -> None:
        """Do nothing: a daemon that never listened has reported its failure."""

    def report_failure(self, lines: Sequence[str]) -> None:
        """Report why the daemon cannot start.

        The first process still waits for the end of this one, which removes its files.
        """
        self._write(as_lines(lines).encode("utf-8", "backslashreplace"))

    def _write(self, data: bytes) -> None:
        if not self._open or os.getpid() == self._starter:
            return
        try:
            os.write(self._writer, data)
        except OSError:
            # The first process has been ended.
            self._close()

    def _close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._writer)
            os.close(self._reader)

    def _wait(self) -> None:
        """Wait in the first process for the report of the daemon."""
        if not self._open or os.getpid() != self._starter:
            return
        self._open = False
        try:
            os.close(self._writer)
            said = self._all_said()
        except BaseException:
            # Ctrl-C. The fork hook drops exceptions, and twistd would go on waiting.
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
