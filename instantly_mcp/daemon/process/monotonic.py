"""Makes the reactor's timers use the monotonic clock."""

from __future__ import annotations

import time

from twisted.internet.interfaces import IReactorTime


def use_monotonic_time(reactor: IReactorTime) -> None:
    """Let the reactor measure time with `time.monotonic`. Call it before any timer.

    By default it uses the wall clock: after that has been set back by an hour, each
    timer fires an hour late.
    """
    reactor.seconds = time.monotonic  # type: ignore[method-assign]
