"""Runs `instantly-mcp stdio` in both modes: opens the log, then serves the client."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from attrs import evolve
from twisted.logger import Logger, globalLogBeginner

from ...transports.stdio_lines import ILineSink
from ...transports.stdio_pipes import take_standard_streams
from ..logs.observer import LogObserver
from ..process.monotonic import use_monotonic_time
from ..settings.errors import EX_CONFIG, ConfigurationError
from ..settings.settings import Settings
from ..startup.start_log import StartLog
from .parts import StdioParts
from .process import StdioProcess

HTTP_ONLY = "IMCP-OPEN"
"""The code of errors and warnings about ports, which this process does not open."""

log = Logger()


def serve_streams(
    reactor: Any,
    settings: Settings,
    errors: Sequence[str],
    build: Callable[[ILineSink, LogObserver], StdioParts],
) -> int:
    """Serve the client of the standard streams until it leaves.

    :param errors: the errors in the settings.
    :param build: returns the parts, from the output and the open log.
    :returns: the exit status.
    """
    # From here on standard output has messages only.
    streams = take_standard_streams()
    use_monotonic_time(reactor)
    start_log = StartLog(sys.stderr)
    settings = for_a_pipe(settings)
    try:
        relevant = [line for line in errors if not line.startswith(HTTP_ONLY)]
        observer = start_log.open(settings, relevant, sys.stderr)
    except ConfigurationError as error:
        start_log.report_failure(error.lines)
        return EX_CONFIG
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)
    assert start_log.writer is not None
    start_log.writer.start()
    for line in settings.warnings:
        if not line.startswith(HTTP_ONLY):
            log.warn("{line}", line=line)
    process = StdioProcess(
        reactor,
        streams,
        lambda output: build(output, observer),
        start_log.report_failure,
    )
    return process.run()


def for_a_pipe(settings: Settings) -> Settings:
    """Return the settings as they are meant for one of several short processes.

    The log has warnings only, unless a level is set. Each process has an audit file of
    its own, and all those with one key share the keys in their folder.
    """
    if settings.is_default("log_level"):
        settings = evolve(settings, log_level="warn")
    return evolve(settings, audit_file=None, seal_key_file=None)
