"""Makes the reactor's timers deaf to changes of the wall clock."""

from __future__ import annotations

import time

from twisted.internet.interfaces import IReactorTime


def use_monotonic_time(reactor: IReactorTime) -> None:
    """Let the reactor count seconds that only go forward.

    Call it before any timer is set: after the wall clock has stepped back an hour,
    a timer of the unchanged reactor waits for that hour, too.
    """
    reactor.seconds = time.monotonic  # type: ignore[method-assign]
