"""Runs the reactor for a service, until a signal stops it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from twisted.logger import globalLogBeginner

from ..daemon.logs.limits import limit_lines
from ..daemon.logs.observer import LogObserver
from ..daemon.process.file_limits import raise_file_limit
from ..daemon.process.garbage_collection import freeze_startup_objects
from ..daemon.process.monotonic import use_monotonic_time
from ..daemon.process.service import DaemonService
from ..daemon.settings.errors import EX_CONFIG, ConfigurationError
from ..daemon.settings.settings import Settings
from ..daemon.startup.start_log import StartLog

GiveUp: TypeAlias = Callable[[Sequence[str]], None]

BuildService: TypeAlias = Callable[[Settings, LogObserver, GiveUp], DaemonService]
"""Builds the service from the settings. The last argument is called with one line per
error when it cannot start."""


def serve(
    reactor: Any, settings: Settings, errors: Sequence[str], build: BuildService
) -> int:
    """Open the log, build a service, and run it until a signal stops it.

    :param errors: the errors in the settings; with any of them nothing starts.
    :returns: the exit status.
    """
    use_monotonic_time(reactor)
    start_log = StartLog(sys.stderr)
    try:
        settings = raise_file_limit(settings)
        observer = start_log.open(settings, errors, sys.stderr)
        # From here on, output to standard output and tracebacks go to the log.
        globalLogBeginner.beginLoggingTo([limit_lines(observer, reactor)])
        service = build(settings, observer, start_log.report_failure)
    except ConfigurationError as error:
        start_log.report_failure(error.lines)
        return EX_CONFIG
    start_log.start_with(service)
    freeze_startup_objects()
    return run_service(reactor, service)


def run_service(reactor: Any, service: DaemonService) -> int:
    """Start the service and run the reactor until it stops; return the exit status."""
    service.privilegedStartService()
    service.startService()
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.run()
    return service.exit_status
