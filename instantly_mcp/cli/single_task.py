"""Runs the reactor for a single task, such as one request to a running daemon."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ReactorNotRunning
from twisted.python.failure import Failure


def run_until_done(reactor: Any, work: Callable[[], Deferred[None]]) -> None:
    """Run the reactor until the Deferred of `work` fires; raise its failure, if any."""
    failures: list[Failure] = []

    def stop() -> None:
        # Ctrl-C has stopped it already, and may be why the work is done.
        with suppress(ReactorNotRunning):
            reactor.stop()

    def begin() -> None:
        done = maybeDeferred(work)
        done.addErrback(failures.append)
        done.addCallback(lambda _: stop())

    reactor.callWhenRunning(begin)
    reactor.run()
    for failure in failures:
        failure.raiseException()
