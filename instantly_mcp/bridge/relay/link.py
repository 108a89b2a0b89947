"""The connection to the daemon as a state machine, and the attempts to restore it.

::

    CONNECTING --worked--> CONNECTED --failed--> LOST --worked--> CONNECTED
    CONNECTING --failed--> LOST

In LOST, `probe` is called again and again, with pauses that grow to
`LONGEST_PAUSE_SECONDS`, until something succeeds: the probe, or a message of the client
that is tried at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ..problems.problem import Problem

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0

RESTART_SECONDS = 15.0
"""How long a request waits for a daemon that worked a moment ago: a restart takes a few
seconds. After that each request is tried once, and answered with the problem."""


RECENT_SECONDS = 2.0
"""For how long after a failure requests are answered with it, without an attempt."""


class LinkState(Enum):
    """Whether the daemon answers."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"


@define(eq=False, kw_only=True)
class Link:
    """Whether the daemon answers, and why not.

    :param probe: tries to reach the daemon; reports with `worked` or `failed`, and
        fires when it has. It must not fail.
    :param report: called with a problem, once for each that differs from the last.
    :param returned: called when the connection works again after it was lost.
    """

    clock: IReactorTime
    probe: Callable[[], Deferred[None]]
    report: Callable[[Problem], object]
    returned: Callable[[], object]
    state: LinkState = field(default=LinkState.CONNECTING, init=False)
    problem: Problem | None = field(default=None, init=False)
    _ever_worked: bool = field(default=False, init=False)
    _lost_since: float = field(default=0.0, init=False)
    _failed_at: float = field(default=0.0, init=False)
    _reported: str = field(default="", init=False)
    _pause: float = field(default=FIRST_PAUSE_SECONDS, init=False)
    _timer: IDelayedCall | None = field(default=None, init=False)
    _probing: Deferred[None] | None = field(default=None, init=False)
    _waiters: list[Deferred[None]] = field(factory=list, init=False)
    _stopped: bool = field(default=False, init=False)

    @property
    def recent_problem(self) -> Problem | None:
        """The problem, if it was found so recently that another look makes no sense."""
        if self.state is not LinkState.LOST or self.patience:
            return None
        age = self.clock.seconds() - self._failed_at
        return self.problem if age < RECENT_SECONDS else None

    @property
    def patience(self) -> float:
        """For how many seconds a request that was not sent is sent again."""
        if self.state is LinkState.LOST:
            gone = self.clock.seconds() - self._lost_since
            return max(RESTART_SECONDS - gone, 0.0) if self._ever_worked else 0.0
        return RESTART_SECONDS if self._ever_worked else 0.0

    def worked(self) -> None:
        """Note that the daemon answered."""
        if self._stopped:
            return
        was_lost = self.state is LinkState.LOST
        self.state, self.problem = LinkState.CONNECTED, None
        self._ever_worked = True
        self._reported, self._pause = "", FIRST_PAUSE_SECONDS
        self._stop_timer()
        if was_lost:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                waiter.callback(None)
            self.returned()

    def failed(self, problem: Problem) -> None:
        """Note that the daemon did not answer, or does not serve this client."""
        if self._stopped:
            return
        if self.state is not LinkState.LOST:
            self._lost_since = self.clock.seconds()
        self.state, self.problem = LinkState.LOST, problem
        self._failed_at = self.clock.seconds()
        if problem.text != self._reported:
            self._reported = problem.text
            self.report(problem)
        if self._timer is None and self._probing is None:
            self._timer = self.clock.callLater(self._pause, self._try)
            self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)

    def when_connected(self) -> Deferred[None]:
        """Fire when the connection is not lost."""
        if self.state is not LinkState.LOST:
            return succeed(None)
        waiter: Deferred[None] = Deferred(self._waiters.remove)
        self._waiters.append(waiter)
        return waiter

    def stop(self) -> None:
        """Stop trying."""
        self._stopped = True
        self._stop_timer()
        if self._probing is not None:
            self._probing.cancel()

    def _try(self) -> None:
        self._timer = None
        self._probing = self.probe()
        self._probing.addBoth(self._tried)

    def _tried(self, _: object) -> None:
        self._probing = None
        if self.state is LinkState.LOST and self.problem is not None:
            self.failed(self.problem)

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
