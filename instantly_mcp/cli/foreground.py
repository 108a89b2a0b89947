"""Runs a service on the reactor until a signal says stop."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from ..daemon.mistakes import report
from ..daemon.service import DaemonService


def run_service(reactor: Any, service: DaemonService) -> int:
    """Run it; return the exit status."""
    service.privilegedStartService()
    service.startService()
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.run()
    return service.exit_status


def report_to_stderr(lines: Sequence[str]) -> None:
    """Say why the daemon cannot start."""
    report(lines, sys.stderr)
