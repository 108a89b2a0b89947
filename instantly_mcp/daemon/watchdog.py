"""Notices that the reactor is blocked, and logs where (F35).

A timer of the reactor notes a heartbeat; a thread looks whether it is recent. Nothing
else could tell: a blocked reactor runs no timer, answers no probe and logs nothing.

Three things look alike from outside and are told apart here:

- the main thread waits or computes in Python: the thread sees it and shows its stack;
- the main thread is inside one call that keeps the interpreter lock, such as decoding a
  large JSON text: the thread cannot run either, but the process used the processor;
- the whole process was stopped (SIGSTOP, a suspended machine): the thread could not run
  and no processor time was used. That is no fault, and is not reported.
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

from .periodic import Periodic

BEAT_SECONDS = 1.0
LOOK_SECONDS = 0.5
LIMIT_SECONDS = 2.0
"""Without a heartbeat for longer than this the reactor counts as blocked."""

_STALLED_SECONDS = LOOK_SECONDS + 1.0
"""When the thread itself was away for so long, it was kept from running."""

_COMPUTED_SECONDS = 1.5
"""Processor time of a process that computed, and was not stopped, for the limit. More
than a busy daemon uses from one heartbeat to the next."""

_MAX_FRAMES = 40


def stack_of_main_thread() -> str:
    """Return where the main thread is: files, lines and their source, no values."""
    frame = sys._current_frames().get(main_thread().ident or 0)
    return "".join(traceback.format_stack(frame, _MAX_FRAMES)).rstrip()


@define(eq=False)
class Watch:
    """Decides when the reactor is blocked, from times alone.

    `beat` runs on the reactor's thread and `look` on another. Each attribute is written
    by one of them; a notice names the heartbeat that it is about, so that neither
    takes an old one for its own.

    :param now: seconds of a monotonic clock, for either thread.
    :param computed: seconds of processor time that the process used.
    :param stack: where the main thread is.
    :ivar count: how often it was blocked.
    :ivar seconds: for how long in all.
    """

    log: ClassVar[Logger] = Logger()

    now: Callable[[], float] = time.monotonic
    computed: Callable[[], float] = time.process_time
    stack: Callable[[], str] = stack_of_main_thread
    count: int = field(default=0, init=False)
    seconds: float = field(default=0.0, init=False)
    _beat: float = field(init=False)
    _beat_computed: float = field(init=False)
    _looked: float = field(init=False)
    _look_computed: float = field(init=False)
    _excused: float = field(init=False)
    _noticed: float | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        """Count from now."""
        self.begin()

    def begin(self) -> None:
        """Count from now: the reactor begins to run."""
        self._beat = self._looked = self._excused = self.now()
        self._beat_computed = self._look_computed = self.computed()

    def beat(self) -> None:
        """Note that the reactor runs; say how long it did not, if that was too long."""
        now, computed = self.now(), self.computed()
        last, self._beat = self._beat, now
        used, self._beat_computed = computed - self._beat_computed, computed
        silent = now - last
        if self._noticed == last:
            self.log.error(
                "The reactor runs again after {seconds:.1f} s without a heartbeat",
                seconds=silent,
            )
        elif silent > LIMIT_SECONDS and used > _COMPUTED_SECONDS:
            self.log.error(
                "The reactor was blocked for {seconds:.1f} s inside one call, in which"
                " no other thread could run",
                seconds=silent,
            )
        else:
            return
        self.count += 1
        self.seconds += silent

    def look(self) -> None:
        """Log where the main thread is, once for each time that it is blocked."""
        now, computed = self.now(), self.computed()
        away, self._looked = now - self._looked, now
        used, self._look_computed = computed - self._look_computed, computed
        if away > _STALLED_SECONDS and used < _COMPUTED_SECONDS:
            self._excused = now
        last = self._beat
        silent = now - max(last, self._excused)
        if silent > LIMIT_SECONDS and self._noticed != last:
            stack = self.stack()
            self._noticed = last
            self.log.error(
                "The reactor is blocked: no heartbeat for {seconds:.1f} s."
                " The main thread is here:\n{stack}",
                seconds=now - last,
                stack=stack,
            )


class Watchdog(MultiService):
    """Runs a `Watch`: its heartbeat on the reactor, its look on a thread."""

    def __init__(self, clock: IReactorTime, watch: Watch) -> None:
        super().__init__()
        self.watch = watch
        self._stopped = Event()
        Periodic(clock, BEAT_SECONDS, watch.beat, "heartbeat").setServiceParent(self)

    def startService(self) -> None:
        """Begin to watch."""
        self.watch.begin()
        super().startService()
        self._stopped.clear()
        Thread(target=self._run, name="watchdog", daemon=True).start()

    def stopService(self) -> object:
        """Watch no longer."""
        self._stopped.set()
        return super().stopService()

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            self.watch.look()
