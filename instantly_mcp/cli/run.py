"""``instantly-mcp run``: the daemon in the foreground."""

from __future__ import annotations

import sys

from twisted.logger import globalLogBeginner

from ..daemon.assembly import build
from ..daemon.logs.limits import limit_lines
from ..daemon.process.file_limits import make_room
from ..daemon.process.garbage_collection import keep_what_is_built
from ..daemon.process.monotonic import use_monotonic_time
from ..daemon.settings.errors import EX_CONFIG, Mistakes
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
        settings, mistakes = examine_process(self.given())
        try:
            settings = make_room(settings)
            journal = start_log.open(settings, mistakes, sys.stderr)
            # From here on, output to standard output and tracebacks go to the log.
            globalLogBeginner.beginLoggingTo([limit_lines(journal, reactor)])
            service = build(settings, reactor, journal, out=out, give_up=start_log.tell)
        except Mistakes as error:
            start_log.tell(error.lines)
            return EX_CONFIG
        start_log.start_with(service)
        keep_what_is_built()
        return run_service(reactor, service)
