"""Runs the reactor: for a service until a signal stops it, or for a single task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

from ..daemon.process.service import DaemonService


def run_service(reactor: Any, service: DaemonService) -> int:
    """Start the service and run the reactor until it stops; return the exit status."""
    service.privilegedStartService()
    service.startService()
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.run()
    return service.exit_status


def run_until_done(reactor: Any, work: Callable[[], Deferred[None]]) -> None:
    """Run the reactor until the Deferred of `work` fires; raise its failure, if any."""
    failures: list[Failure] = []

    def begin() -> None:
        done = maybeDeferred(work)
        done.addErrback(failures.append)
        done.addCallback(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()
    for failure in failures:
        failure.raiseException()
