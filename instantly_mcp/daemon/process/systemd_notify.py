"""Notifies systemd of the daemon's state: the protocol of sd_notify(3).

Each message is one datagram, sent without blocking. If systemd does not take it nothing
fails, and the last state is sent again a second later. A timer of the reactor sends the
keep-alives of the watchdog, so a blocked reactor sends none and systemd restarts it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from attrs import define, field
from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime

from ..settings.supervisor import Supervisor
from .periodic import Periodic

BEAT_SECONDS = 1.0
"""How often a failed message is repeated, and the drain status updated."""


@define(eq=False)
class Notifier:
    """Notifies systemd when the daemon listens, reloads and stops.

    Each state has a status line, which ``systemctl status`` shows.

    :param calls: returns the number of calls in flight.
    :param send: sends a message, and returns whether it was sent.
    :param monotonic_usec: returns the system's monotonic clock in microseconds.
    """

    supervisor: Supervisor
    calls: Callable[[], int]
    send: Callable[[str], bool] = field()
    monotonic_usec: Callable[[], int] = lambda: time.monotonic_ns() // 1000
    _listening: str = field(default="", init=False)
    _draining: bool = field(default=False, init=False)
    _status: str = field(default="", init=False)
    _unsent: str = field(default="", init=False)

    @send.default
    def _send_to_supervisor(self) -> Callable[[str], bool]:
        return self.supervisor.send

    def publish(self, urls: Sequence[str]) -> None:
        """Report that the daemon listens."""
        self._listening = f"listening on {', '.join(urls)}"
        self._ready(self._listening)

    def withdraw(self) -> None:
        """Report that the daemon stops."""
        self._listening, self._draining = "", True
        self._status = self._drain_status()
        self._send("STOPPING=1", f"STATUS={self._status}")

    def announcing(self, reload: Callable[[], Sequence[str]]) -> Callable[[], None]:
        """Return a reload that is reported, unless the daemon starts or stops.

        :param reload: reloads, and returns the names of the parts that failed.
        """

        def announced() -> None:
            if not self._listening:
                reload()
                return
            began = f"MONOTONIC_USEC={self.monotonic_usec()}"
            self._send("RELOADING=1", began, "STATUS=reloading")
            kept = reload()
            failed = f"reload failed, old {', '.join(kept)} kept; " if kept else ""
            self._ready(failed + self._listening)

        return announced

    def timers(self, clock: IReactorTime) -> Sequence[Service]:
        """Return the services to run while the daemon runs; none without systemd."""
        if self.supervisor.address is None:
            return ()
        beat = Periodic(clock, BEAT_SECONDS, self._beat, "messages to systemd")
        seconds = self.supervisor.watchdog_seconds
        if seconds is None:
            return (beat,)
        keep_alive = Periodic(clock, seconds / 2, self._keep_alive, "systemd watchdog")
        return (beat, keep_alive)

    def _ready(self, status: str) -> None:
        moved = os.getpid() != self.supervisor.pid
        main = (f"MAINPID={os.getpid()}",) if moved else ()
        self._send("READY=1", *main, f"STATUS={status}")

    def _keep_alive(self) -> None:
        self.send("WATCHDOG=1")

    def _beat(self) -> None:
        if self._unsent:
            self._send(self._unsent)
        elif self._draining and self._status != self._drain_status():
            self._status = self._drain_status()
            self._send(f"STATUS={self._status}")

    def _drain_status(self) -> str:
        count = self.calls()
        if not count:
            return "stopping"
        return f"draining: {count} {'call' if count == 1 else 'calls'} in flight"

    def _send(self, *lines: str) -> None:
        message = "\n".join(lines)
        # Each message holds the whole state, so only the last is sent again.
        self._unsent = "" if self.send(message) else message
