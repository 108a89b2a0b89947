"""``instantly-mcp run``: the daemon in the foreground."""

from __future__ import annotations

import sys

from twisted.logger import globalLogBeginner

from ..daemon.assembly import build
from ..daemon.logs.limits import limit_lines
from ..daemon.process.file_limits import raise_file_limit
from ..daemon.process.garbage_collection import freeze_startup_objects
from ..daemon.process.monotonic import use_monotonic_time
from ..daemon.settings.errors import EX_CONFIG, ConfigurationError
from ..daemon.settings.loading import examine_process
from ..daemon.settings.options import SettingOptions
from ..daemon.startup.start_log import StartLog
from .foreground import run_service
from .options import CommandOptions


class RunOptions(CommandOptions, SettingOptions):
    """The options of the daemon."""

    synopsis = "instantly-mcp run [options]"

    def run(self) -> int:
        """Serve until a signal stops the daemon; return the exit status."""
        from twisted.internet import reactor

        use_monotonic_time(reactor)
        out, start_log = sys.stdout, StartLog(sys.stderr)
        settings, errors = examine_process(self.given())
        try:
            settings = raise_file_limit(settings)
            observer = start_log.open(settings, errors, sys.stderr)
            # From here on, output to standard output and tracebacks go to the log.
            globalLogBeginner.beginLoggingTo([limit_lines(observer, reactor)])
            service = build(
                settings, reactor, observer, out=out, give_up=start_log.tell
            )
        except ConfigurationError as error:
            start_log.tell(error.lines)
            return EX_CONFIG
        start_log.start_with(service)
        freeze_startup_objects()
        return run_service(reactor, service)
