"""Runs `instantly-mcp stdio` in both modes: a server of its own, or a bridge."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from attrs import evolve, field, frozen
from twisted.logger import Logger, globalLogBeginner

from ..._credential import Secret
from ...bridge.build import make_bridge
from ...bridge.target import BridgeTarget
from ...transports.stdio_lines import ILineConsumer, ILineSink
from ...transports.stdio_pipes import take_standard_streams
from ..logs.observer import LogObserver
from ..process.monotonic import use_monotonic_time
from ..settings.errors import EX_CONFIG, ConfigurationError
from ..settings.settings import Settings
from ..startup.start_log import StartLog
from .direct import build_direct
from .parts import StdioParts
from .process import StdioProcess

HTTP_ONLY = "IMCP-OPEN"
"""The code of errors and warnings about ports, which this process does not open."""

log = Logger()


@frozen(kw_only=True)
class Remote:
    """The daemon that the user named; nothing is checked yet. See `BridgeTarget`."""

    url: str
    token: str | None = field(repr=False)
    token_file: Path | None
    ca_file: Path | None
    allow_http: bool
    headers: Mapping[str, str]


def serve_directly(
    reactor: Any,
    settings: Settings,
    errors: Sequence[str],
    workspace: str | None = None,
) -> int:
    """Serve the client of the standard streams until it leaves.

    :param errors: the errors in the settings.
    :param workspace: see `build_direct`.
    :returns: the exit status.
    """

    def build(output: ILineSink, observer: LogObserver) -> StdioParts:
        return build_direct(
            settings,
            reactor,
            output,
            learn=lambda key: observer.redactor.learn([key]),
            workspace=workspace,
        )

    return _serve(reactor, settings, errors, build)


def serve_bridge(
    reactor: Any, settings: Settings, errors: Sequence[str], given: Remote
) -> int:
    """Relay between the client of the standard streams and a daemon.

    :param settings: only what they say about the log is used, as of `errors`.
    :param given: the daemon.
    :returns: the exit status.
    """
    target = BridgeTarget(
        url=given.url,
        token=None if given.token is None else Secret(given.token),
        token_file=given.token_file,
        ca_file=given.ca_file,
        allow_http=given.allow_http,
        headers=given.headers,
    )

    def report(line: str) -> None:
        log.warn("{line}", line=line)

    def build(output: ILineSink, observer: LogObserver) -> StdioParts:
        if target.token is not None:
            observer.redactor.learn([target.token])
        relay = make_bridge(target, reactor, output, report)
        return StdioParts(consumer=cast(ILineConsumer, relay))

    return _serve(reactor, settings, errors, build)


def _serve(
    reactor: Any,
    settings: Settings,
    errors: Sequence[str],
    build: Callable[[ILineSink, LogObserver], StdioParts],
) -> int:
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
