"""The log of a daemon that starts, and where it says why it cannot."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from typing import TextIO

from attrs import define
from twisted.application.service import MultiService, Service
from twisted.logger import Logger

from .journal import Journal, open_journal, write_in_background
from .log_writer import LogWriter, write_within
from .mistakes import Mistakes, as_lines
from .settings import Settings


@define(eq=False)
class StartLog:
    """Opens the log, and says mistakes on standard error and in the log file.

    :param stream: standard error: of a detached daemon, the caller's terminal.
    :ivar journal: the log, once it is open.
    :ivar writer: writes its lines, once it is started.
    """

    stream: TextIO
    journal: Journal | None = None
    writer: LogWriter | None = None

    def open(
        self, settings: Settings, mistakes: Sequence[str], stream: TextIO
    ) -> Journal:
        """Open the log that the settings ask for; its lines are queued from here on.

        They are written once `writer` is started, or when the process ends: a thread
        that was started before twistd forks would not live on in the daemon.

        :param mistakes: what is wrong with the settings.
        :param stream: where lines go unless the settings name a file.
        :raises Mistakes: if there are any, or the log file cannot be opened.
        """
        try:
            journal = open_journal(settings, stream)
        except Mistakes as more:
            raise Mistakes(*mistakes, *more.lines) from None
        self.use(journal)
        if mistakes:
            raise Mistakes(*mistakes)
        return journal

    def use(self, journal: Journal) -> None:
        """Let a journal write in the background until the process ends."""
        self.journal = journal
        self.writer = write_in_background(journal)
        atexit.register(self.writer.close)

    def start_with(self, service: MultiService) -> None:
        """Begin to write when a service starts."""
        if self.writer is not None:
            _Starter(self.writer).setServiceParent(service)

    def tell(self, lines: Sequence[str]) -> None:
        """Say why the daemon cannot start, one line a mistake."""
        if self.writer is not None:
            # The process ends, so it will not fork; and from Python 3.12 on no thread
            # can be started later (https://github.com/python/cpython/issues/113964).
            self.writer.start()
        write_within(self.stream, as_lines(lines))
        if self.journal is not None and self.journal.has_file:
            log = Logger(__name__, observer=self.journal)
            for line in lines:
                log.error("{line}", line=line)


class _Starter(Service):
    """Starts a writer once the process is the one that stays."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer

    def privilegedStartService(self) -> None:
        """Start to write before the sockets are opened."""
        self._writer.start()

    def startService(self) -> None:
        """Start to write: `twist` has no privileged part."""
        super().startService()
        self._writer.start()
