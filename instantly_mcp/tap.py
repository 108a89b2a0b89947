"""What the ``twistd`` plugin needs: the options, and `makeService`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from twisted.application.service import IService
from twisted.python import usage

from . import _prerequisites  # noqa: F401  (before what an old Python refuses)
from .daemon.logs.limits import limit_lines
from .daemon.process.early_signals import ignore_signals_until_it_serves
from .daemon.process.garbage_collection import freeze_startup_objects
from .daemon.process.monotonic import use_monotonic_time
from .daemon.settings.errors import EX_CONFIG, ConfigurationError
from .daemon.settings.loading import examine_process
from .daemon.settings.sources.options import SettingOptions
from .daemon.startup.process_end import ProcessEnd
from .daemon.startup.start_log import StartLog
from .daemon.startup.start_report import StartReport
from .daemon.startup.twistd import TwistdOptions


class Options(SettingOptions):
    """The options of ``twistd instantly_mcp``."""

    synopsis = "[options]"
    longdesc = "Serve Instantly.ai to MCP clients over HTTP."

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse the options. Under ``twistd`` an error ends the process with status 1.

        Before Twisted 26.10, twistd printed the error and ended with status 0.

        :raises usage.UsageError: for a wrong option, without twistd.
        """
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            if self.parent is None:
                raise
            sys.stdout.write(f"{self.parent}\ntwistd instantly_mcp: {error}\n")
            raise SystemExit(1) from None


def makeService(options: SettingOptions) -> IService:
    """Return the service of the daemon.

    :raises SystemExit: with status 78, after printing one line per configuration error.
    """
    ignore_signals_until_it_serves()
    # These imports take most of a second, in which signals may arrive.
    from twisted.internet import reactor

    from .daemon.assembly import build
    from .daemon.process.file_limits import raise_file_limit

    use_monotonic_time(reactor)
    twistd = TwistdOptions.around(options)
    end = ProcessEnd(twistd.pid_file)
    end.register()
    start_log = StartLog(sys.__stderr__ or sys.stderr)
    settings, errors = examine_process(options.given())
    try:
        settings = raise_file_limit(twistd.applied_to(settings))
        errors = [*errors, *twistd.errors()]
        observer = start_log.open(settings, errors, sys.stdout)
        limited = limit_lines(observer, reactor)
        result = StartOutcome(start_log, end, detaches=twistd.detaches)
        service = build(
            settings,
            reactor,
            observer,
            out=sys.stdout,
            give_up=result.give_up,
            also_announce=result.reports,
            app_observer=limited,
        )
    except ConfigurationError as error:
        start_log.report_failure(error.lines)
        raise SystemExit(EX_CONFIG) from None
    start_log.start_with(service)
    if options.parent is not None:
        # `twist` reads the observer from here; twistd asks the application for it.
        options.parent["fileLogObserverFactory"] = lambda stream: limited
    freeze_startup_objects()
    return service


class StartOutcome:
    """Reports how the start ended: to the log, the caller and the exit status.

    :ivar reports: announcements to make once the daemon listens.
    """

    def __init__(self, log: StartLog, end: ProcessEnd, *, detaches: bool) -> None:
        self._log = log
        self._end = end
        self.reports: Sequence[StartReport] = ()
        if detaches:
            path = None if log.observer is None else log.observer.file.path
            self.reports = (StartReport(log.stream, path, end.pid_file),)

    def give_up(self, lines: Sequence[str]) -> None:
        """Report why the daemon cannot start, and set the exit status."""
        self._end.status = EX_CONFIG
        self._log.report_failure(lines)
        for report in self.reports:
            report.report_failure(lines)
