"""Limits the rate of the log lines that any client of the network can cause.

A line for each connection that could not be accepted, or for each request that was
refused before it was read, would let a client fill the disk. Of each such kind a few
lines a minute are written, the rest are counted, and one line reports the number. The
lines do not name addresses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, field, frozen
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import ILogObserver, LogEvent, LogLevel
from zope.interface import implementer

from ...web.http.access_log import REFUSED_LOGGER
from ...web.http.site import UNREAD_LOGGER

PERIOD_SECONDS = 60.0
"""The period in which each kind has its number of lines, and one with the count."""

GATHERING_SECONDS = 1.0
"""How long events are counted before the first count of a kind with no own lines."""


def _counts_every_event(event: LogEvent) -> bool:
    return True


def _lost_connection(event: LogEvent) -> bool:
    """Count one of the several lines that Twisted logs about one lost connection.

    Source: ``twisted.internet.tcp._accept``.
    """
    format = str(event.get("log_format"))
    return format.startswith(("EMFILE recovery: Closed", "Could not accept"))


@frozen(kw_only=True)
class LineKind:
    """Log lines that share a limit.

    :param loggers: their namespaces.
    :param summary: format of the line that reports the rest, with ``{count}`` and
        ``{seconds}``.
    :param lines: how many are written unchanged in each period.
    :param counts: returns whether an event adds to the count.
    """

    loggers: Sequence[str]
    summary: str
    lines: int = 0
    counts: Callable[[LogEvent], bool] = _counts_every_event


LINE_KINDS = (
    LineKind(
        loggers=(
            "twisted.internet.tcp.Port",
            "twisted.internet.tcp._FileDescriptorReservation",
        ),
        summary=(
            "Accepting a connection failed {count} times within {seconds} s: no file"
            " descriptor was free (raise the limit of open files, or lower"
            " max_connections)"
        ),
        counts=_lost_connection,
    ),
    LineKind(
        loggers=(REFUSED_LOGGER,),
        summary=(
            "{count} more requests were refused before they were read, within"
            " {seconds} s"
        ),
        lines=20,
    ),
    LineKind(
        loggers=(UNREAD_LOGGER,),
        summary=(
            "{count} connections were closed within {seconds} s because their clients"
            " did not read what was sent"
        ),
    ),
)


@define(eq=False)
class _Tally:
    """The events of one kind in the current period."""

    kind: LineKind
    clock: IReactorTime
    observer: ILogObserver
    _shown: int = 0
    _count: int = 0
    _period: float = 0.0
    _timer: IDelayedCall | None = None

    def observe(self, event: LogEvent) -> None:
        """Pass an event on, or count it."""
        if self._timer is None:
            self._begin(PERIOD_SECONDS if self.kind.lines else GATHERING_SECONDS)
        if self._shown < self.kind.lines:
            self._shown += 1
            self.observer(event)
        else:
            self._count += self.kind.counts(event)

    def stop(self) -> None:
        """Report the count, and stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._report()

    def _end(self) -> None:
        self._timer = None
        self._shown = 0
        if self._count:
            self._report()
            self._begin(PERIOD_SECONDS)

    def _report(self) -> None:
        count, self._count = self._count, 0
        if not count:
            return
        self.observer(
            {
                "log_time": time.time(),
                "log_level": LogLevel.warn,
                "log_namespace": __name__,
                "log_format": self.kind.summary,
                "count": count,
                "seconds": round(self._period),
            }
        )

    def _begin(self, seconds: float) -> None:
        self._period = seconds
        self._timer = self.clock.callLater(seconds, self._end)


@implementer(ILogObserver)
@define(eq=False)
class LogLimits:
    """Passes events on to an observer, those of some kinds at a limited rate.

    :param clock: measures the periods; it may start later.
    """

    observer: ILogObserver
    clock: IReactorTime
    kinds: Sequence[LineKind] = LINE_KINDS
    _tallies: dict[str, _Tally] = field(init=False)

    @_tallies.default
    def _make_tallies(self) -> dict[str, _Tally]:
        tallies = {}
        for kind in self.kinds:
            tally = _Tally(kind, self.clock, self.observer)
            tallies.update(dict.fromkeys(kind.loggers, tally))
        return tallies

    def __call__(self, event: LogEvent) -> None:
        """Pass the event on, or count it."""
        tally = self._tallies.get(event.get("log_namespace", ""))
        if tally is None:
            self.observer(event)
        else:
            tally.observe(event)

    def stop(self) -> None:
        """Report the counts of all kinds, and stop their timers."""
        for tally in self._tallies.values():
            tally.stop()


def limit_lines(observer: ILogObserver, reactor: Any) -> LogLimits:
    """Return a `LogLimits` in front of `observer`; it stops with the reactor."""
    limits = LogLimits(observer, reactor)
    reactor.addSystemEventTrigger("during", "shutdown", limits.stop)
    return limits
