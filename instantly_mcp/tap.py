"""All that ``twistd`` needs: options, and a service made from them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from attrs import evolve
from twisted.application.service import IService
from twisted.python import usage

from . import _prerequisites  # noqa: F401  (before what an old Python refuses)
from .daemon.early import ignore_signals_until_it_serves
from .daemon.heap import keep_what_is_built
from .daemon.log_limits import limit_lines
from .daemon.mistakes import EX_CONFIG, Mistakes
from .daemon.monotonic import use_monotonic_time
from .daemon.options import SettingOptions
from .daemon.settings import Settings, examine_process
from .daemon.start_log import StartLog


class Options(SettingOptions):
    """The options of ``twistd instantly_mcp``."""

    synopsis = "[options]"
    longdesc = "Serve Instantly.ai to MCP clients over HTTP."


def makeService(options: SettingOptions) -> IService:
    """Return the daemon. Leaves with one line a mistake when the options have any."""
    ignore_signals_until_it_serves()
    # These take most of a second, in which signals may arrive.
    from twisted.internet import reactor

    from .daemon.assembly import build
    from .daemon.descriptors import make_room

    use_monotonic_time(reactor)
    around = usage.Options() if options.parent is None else options.parent
    start_log = StartLog(sys.__stderr__ or sys.stderr)

    def give_up(lines: Sequence[str]) -> None:
        start_log.tell(lines)
        _remove_own_pid_file(around.get("pidfile"))

    settings, mistakes = examine_process(options.given())
    try:
        settings = make_room(_as_twistd_logs(settings, around))
        journal = start_log.open(settings, mistakes, sys.stdout)
        service = build(settings, reactor, journal, out=sys.stdout, give_up=give_up)
    except Mistakes as error:
        start_log.tell(error.lines)
        raise SystemExit(EX_CONFIG) from None
    start_log.start_with(service)
    # `twist` asks for an observer here; twistd asks the application.
    around["fileLogObserverFactory"] = lambda stream: limit_lines(journal, reactor)
    keep_what_is_built()
    return service


def _as_twistd_logs(settings: Settings, around: usage.Options) -> Settings:
    """Follow ``twistd --logfile``, and its default for a detached daemon."""
    if settings.log_file is not None:
        return settings
    named = around.get("logfile")
    if named and named != "-":
        return evolve(settings, log_file=Path(named))
    if not named and not around.get("nodaemon", True):
        return evolve(settings, log_file=Path("twistd.log"))
    return settings


def _remove_own_pid_file(name: str | None) -> None:
    """Clean up what twistd leaves behind when a start ends with an exit status."""
    with suppress(OSError):
        path = Path(name or "")
        if path.read_text(encoding="ascii").strip() == str(os.getpid()):
            path.unlink()
