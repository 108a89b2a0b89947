"""Opens the log when the daemon starts, and reports why it cannot start."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from typing import TextIO

from attrs import define
from twisted.application.service import MultiService, Service
from twisted.logger import Logger

from ..logs.observer import LogObserver, open_log, write_in_background
from ..logs.writer import LogWriter, write_within
from ..settings.errors import ConfigurationError, as_lines
from ..settings.settings import Settings


@define(eq=False)
class StartLog:
    """Opens the log, and reports errors on standard error and in the log file.

    :param stream: standard error; for a detached daemon, the caller's terminal.
    :ivar observer: the log, once it is open.
    :ivar writer: the thread that writes its lines, once it is started.
    """

    stream: TextIO
    observer: LogObserver | None = None
    writer: LogWriter | None = None

    def open(
        self, settings: Settings, errors: Sequence[str], stream: TextIO
    ) -> LogObserver:
        """Open the log that the settings describe; its lines are queued from here on.

        They are written once `writer` is started, or when the process ends. A thread
        that is started before twistd forks would not exist in the daemon.

        :param errors: the errors in the settings.
        :param stream: where lines go unless the settings name a file.
        :raises ConfigurationError: with these errors, and with that of the log file.
        """
        try:
            observer = open_log(settings, stream)
        except ConfigurationError as more:
            raise ConfigurationError(*errors, *more.lines) from None
        self.use(observer)
        if errors:
            raise ConfigurationError(*errors)
        return observer

    def use(self, observer: LogObserver) -> None:
        """Make an observer write on a thread, until the process ends."""
        self.observer = observer
        self.writer = write_in_background(observer)
        atexit.register(self.writer.close)

    def start_with(self, service: MultiService) -> None:
        """Start the thread when `service` starts."""
        if self.writer is not None:
            _Starter(self.writer).setServiceParent(service)

    def report_failure(self, lines: Sequence[str]) -> None:
        """Report why the daemon cannot start, one line per error."""
        if self.writer is not None:
            # Start the thread now: the process will not fork any more, and from
            # Python 3.12 on no thread can be started at exit
            # (https://github.com/python/cpython/issues/113964).
            self.writer.start()
        write_within(self.stream, as_lines(lines))
        if self.observer is not None and self.observer.has_file:
            log = Logger(__name__, observer=self.observer)
            for line in lines:
                log.error("{line}", line=line)


class _Starter(Service):
    """Starts a log writer once twistd has forked."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer

    def privilegedStartService(self) -> None:
        """Start the thread, before the sockets are opened."""
        self._writer.start()

    def startService(self) -> None:
        """Start the thread; `twist` does not call `privilegedStartService`."""
        super().startService()
        self._writer.start()
