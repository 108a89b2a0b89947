"""``instantly-mcp run``: the daemon in the foreground."""

from __future__ import annotations

import sys

from twisted.logger import globalLogBeginner

from ..daemon.assembly import build
from ..daemon.descriptors import make_room
from ..daemon.heap import keep_what_is_built
from ..daemon.journal import open_journal
from ..daemon.monotonic import use_monotonic_time
from ..daemon.options import SettingOptions
from ..daemon.settings import from_process
from .foreground import report_to_stderr, run_service
from .options import CommandOptions


class RunOptions(CommandOptions, SettingOptions):
    """The options of the daemon."""

    synopsis = "instantly-mcp run [options]"

    def run(self) -> int:
        """Serve until a signal says stop."""
        from twisted.internet import reactor

        use_monotonic_time(reactor)
        settings = make_room(from_process(self.given()))
        journal = open_journal(settings, sys.stderr)
        globalLogBeginner.beginLoggingTo([journal], redirectStandardIO=False)
        service = build(
            settings, reactor, journal, out=sys.stdout, give_up=report_to_stderr
        )
        keep_what_is_built()
        return run_service(reactor, service)
