"""Detects that the reactor is blocked, and logs where in the code.

A timer of the reactor records a heartbeat, and a thread checks that it is recent. A
thread is needed because a blocked reactor runs no timer, answers no probe and logs
nothing.

Three situations look the same from outside:

- the main thread waits or computes in Python: the thread logs its stack;
- the main thread is inside one call that holds the interpreter lock, such as decoding a
  large JSON text: the thread cannot run either, but the process uses processor time;
- the whole process was stopped (SIGSTOP, a suspended machine): the thread did not run
  and no processor time was used. This is not an error, and not reported.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from threading import Event, Thread, main_thread
from typing import ClassVar

from attrs import define, field
from twisted.application.service import MultiService
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ...metrics.registry import Metrics
from .periodic import Periodic

BEAT_SECONDS = 1.0
CHECK_SECONDS = 0.5
BLOCKED_AFTER_SECONDS = 2.0
"""Without a heartbeat for longer than this the reactor is considered blocked."""

_STALLED_SECONDS = CHECK_SECONDS + 1.0
"""A longer interval between two checks means that the thread could not run."""

_COMPUTED_SECONDS = 1.5
"""Processor time since the last heartbeat that shows a computing, not stopped, process.

More than a busy daemon uses between two heartbeats.
"""

_MAX_FRAMES = 40


def stack_of_main_thread() -> str:
    """Return the stack of the main thread: files, lines and source, but no values."""
    frame = sys._current_frames().get(main_thread().ident or 0)
    return "".join(traceback.format_stack(frame, _MAX_FRAMES)).rstrip()


@define(eq=False)
class StallDetector:
    """Decides from times whether the reactor is blocked.

    `beat` runs on the reactor's thread and `check` on another one. Each attribute is
    written by only one of them. `_noticed` is the time of the heartbeat that a log line
    is about, so that neither thread mistakes an old notice for a new one.

    :param now: returns the seconds of a monotonic clock.
    :param computed: returns the seconds of processor time that the process has used.
    :param stack: returns the stack of the main thread.
    :ivar count: how often the reactor was blocked.
    :ivar seconds: for how many seconds in total.
    """

    log: ClassVar[Logger] = Logger()

    now: Callable[[], float] = time.monotonic
    computed: Callable[[], float] = time.process_time
    stack: Callable[[], str] = stack_of_main_thread
    count: int = field(default=0, init=False)
    seconds: float = field(default=0.0, init=False)
    _beat: float = field(init=False)
    _beat_computed: float = field(init=False)
    _checked: float = field(init=False)
    _check_computed: float = field(init=False)
    _excused: float = field(init=False)
    _noticed: float | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        """Start to measure."""
        self.begin()

    def begin(self) -> None:
        """Measure from now on: the reactor starts to run."""
        self._beat = self._checked = self._excused = self.now()
        self._beat_computed = self._check_computed = self.computed()

    def beat(self) -> None:
        """Record that the reactor runs; log for how long it was blocked, if it was."""
        now, computed = self.now(), self.computed()
        last, self._beat = self._beat, now
        used, self._beat_computed = computed - self._beat_computed, computed
        silent = now - last
        if self._noticed == last:
            self.log.error(
                "The reactor runs again after {seconds:.1f} s without a heartbeat",
                seconds=silent,
            )
        elif silent > BLOCKED_AFTER_SECONDS and used > _COMPUTED_SECONDS:
            self.log.error(
                "The reactor was blocked for {seconds:.1f} s inside one call, in which"
                " no other thread could run",
                seconds=silent,
            )
        else:
            return
        self.count += 1
        self.seconds += silent

    def check(self) -> None:
        """Log the stack of the main thread, once each time that it is blocked."""
        now, computed = self.now(), self.computed()
        away, self._checked = now - self._checked, now
        used, self._check_computed = computed - self._check_computed, computed
        if away > _STALLED_SECONDS and used < _COMPUTED_SECONDS:
            self._excused = now
        last = self._beat
        silent = now - max(last, self._excused)
        if silent > BLOCKED_AFTER_SECONDS and self._noticed != last:
            stack = self.stack()
            self._noticed = last
            self.log.error(
                "The reactor is blocked: no heartbeat for {seconds:.1f} s."
                " The main thread is here:\n{stack}",
                seconds=now - last,
                stack=stack,
            )


class Watchdog(MultiService):
    """Runs a `StallDetector`: `beat` on the reactor, `check` on a thread."""

    def __init__(self, clock: IReactorTime, detector: StallDetector) -> None:
        super().__init__()
        self.detector = detector
        self._stopped = Event()
        Periodic(clock, BEAT_SECONDS, detector.beat, "heartbeat").setServiceParent(self)

    def startService(self) -> None:
        """Start the heartbeat and the thread."""
        self.detector.begin()
        super().startService()
        self._stopped.clear()
        Thread(target=self._run, name="watchdog", daemon=True).start()

    def stopService(self) -> object:
        """Stop the heartbeat and the thread."""
        self._stopped.set()
        return super().stopService()

    def _run(self) -> None:
        while not self._stopped.wait(CHECK_SECONDS):
            self.detector.check()


def measured_watchdog(metrics: Metrics, clock: IReactorTime) -> Watchdog:
    """Return a watchdog, and expose what it finds as metrics."""
    detector = StallDetector(clock.seconds)
    metrics.watch_total(
        "reactor_blocked",
        "Times that the reactor was blocked for more than 2 s",
        lambda: detector.count,
    )
    metrics.watch_total(
        "reactor_blocked_seconds",
        "Total seconds for which the reactor was blocked",
        lambda: detector.seconds,
    )
    return Watchdog(clock, detector)
