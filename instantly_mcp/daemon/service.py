"""The life of the daemon: start, reload, drain, stop. Knows no part from inside.

The order of stopping is the whole point, and lives in `DaemonService.stopService`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from twisted.application.service import IService, MultiService
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IReactorCore, IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import ILogObserver, Logger
from twisted.python.components import Componentized
from twisted.python.failure import Failure

from .._deferred import deferred
from .mistakes import EX_CONFIG, Mistakes
from .parts import Announcing, Door, Parts
from .readiness import Phase
from .signals import Signals

T = TypeVar("T")

DRAIN_SECONDS = 25.0
"""How long open work may take after SIGTERM."""

LOOK_SECONDS = 0.1
"""How often the last connections of an inherited socket are looked at."""

SETTLE_SECONDS = 0.5
"""How long a call may take to answer once what it waited for is given up."""

FLUSH_SECONDS = 2.0
"""How long the last bytes to clients may take."""

POOL_SECONDS = 1.0
"""How long the connections to Instantly may take to close."""

HURRIED_SECONDS = 0.5
"""How long each step may take after a second signal."""


class DaemonService(MultiService):
    """One running daemon.

    :param give_up: told why the daemon cannot start, before it leaves.
    :ivar exit_status: what the process should end with.
    """

    log: ClassVar[Logger] = Logger()

    def __init__(
        self,
        *,
        reactor: IReactorCore,
        clock: IReactorTime,
        parts: Parts,
        announcement: Announcing,
        signals: Signals,
        observer: ILogObserver | None = None,
        give_up: Callable[[Sequence[str]], None],
        warnings: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._reactor = reactor
        self._clock = clock
        self._parts = parts
        self._announcement = announcement
        self._signals = signals
        self._observer = observer
        self._give_up = give_up
        self._warnings = warnings
        self._doors = (Door(parts.ports, parts.factory), *parts.side_doors)
        self._opening: Deferred[None] | None = None
        self._waiting: Callable[[], None] | None = None
        self._signals_since = 0
        self.exit_status = 0
        for timer in parts.timers:
            timer.setServiceParent(self)

    def setServiceParent(self, parent: IService) -> None:
        """Join an application, and let it log as this daemon was told to."""
        if self._observer is not None and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._observer)
        super().setServiceParent(parent)

    def privilegedStartService(self) -> None:
        """Open the sockets: ports below 1024 need the rights that are dropped next."""
        super().privilegedStartService()
        self._opening = self._open()

    def startService(self) -> None:
        """Begin to serve."""
        # `twist`, unlike `twistd`, starts services without the privileged part.
        opening = self._open() if self._opening is None else self._opening
        super().startService()
        self._reactor.callWhenRunning(self._begin, opening)

    def _open(self) -> Deferred[None]:
        """Open the sockets. What fails at once ends the process with its status."""
        opening = self._open_doors()
        if opening.called and isinstance(opening.result, Failure):
            opening.addErrback(self._cannot_start)
            raise SystemExit(self.exit_status)
        return opening

    @deferred
    async def _open_doors(self) -> None:
        try:
            for door in self._doors:
                await door.ports.open(door.factory)
        except Mistakes:
            # A UNIX socket leaves files behind unless it is closed.
            for door in self._doors:
                await door.ports.close()
            raise

    def _begin(self, opening: Deferred[None]) -> None:
        # Whoever is told that the daemon listens may send a signal at once.
        self._signals.listen(
            self.stop_or_hurry, self._parts.reload, self._parts.rotate_log
        )
        opening.addCallback(self._listening)
        opening.addErrback(self._cannot_run)

    def _listening(self, _: object) -> None:
        try:
            self._announcement.publish(self._parts.ports.urls)
        except OSError as error:
            raise Mistakes(
                f"IMCP-READY ready_file {error.filename} cannot be written: "
                f"{error.strerror}"
            ) from None
        self._parts.readiness.phase = Phase.READY
        for line in self._warnings:
            self.log.warn("{line}", line=line)
        for url in self._parts.ports.urls:
            self.log.info("listening on {url}", url=url)

    def _cannot_start(self, failure: Failure) -> None:
        self.exit_status = EX_CONFIG
        mistakes = failure.value
        if isinstance(mistakes, Mistakes):
            self._give_up(mistakes.lines)
        else:
            self.log.failure("the daemon cannot start", failure=failure)
            self._give_up(["IMCP-BUG the daemon cannot start; its log says why"])

    def _cannot_run(self, failure: Failure) -> None:
        self._cannot_start(failure)
        self._reactor.callWhenRunning(self._reactor.stop)

    def stop_or_hurry(self) -> None:
        """Drain at the first call; at the second give up what is left; then cut."""
        if self._parts.readiness.phase is not Phase.DRAINING:
            self._parts.readiness.phase = Phase.DRAINING
            self._reactor.stop()
            return
        self._signals_since += 1
        if self._waiting is not None:
            self._waiting()

    @deferred
    async def stopService(self) -> None:
        """Stop in the one order in which no answer is lost.

        Probes are answered and new work is refused while calls are in flight; streams
        go after the calls, because some answers travel on them.
        """
        parts = self._parts
        self.log.info("draining")
        parts.readiness.phase = Phase.DRAINING
        self._announcement.withdraw()
        for door in self._doors:
            door.ports.release()
        all_inherited = parts.ports.all_inherited
        parts.refuse_new(not all_inherited)
        if not await self._drained(DRAIN_SECONDS, last_requests=all_inherited):
            await self._answer_the_rest()
        parts.close_streams()
        for door in self._doors:
            await self._patiently(door.ports.close(), FLUSH_SECONDS, "sockets")
        connections = parts.close_connections()
        await self._patiently(connections, FLUSH_SECONDS, "client connections")
        parts.cut_connections()
        super().stopService()
        closing = parts.close_upstream()
        await self._patiently(closing, POOL_SECONDS, "connections to Instantly")
        self.log.info("stopped")

    async def _answer_the_rest(self) -> None:
        """Answer what is in flight, without what it waits for."""
        self.log.warn("calls are still in flight; they are answered without a result")
        self._parts.give_up_upstream()
        if not await self._drained(SETTLE_SECONDS):
            self._parts.give_up_calls()

    async def _drained(self, seconds: float, *, last_requests: bool = False) -> bool:
        """Wait for the calls in flight, until an operator hurries.

        :param last_requests: also for those that connections may still bring.
        :returns: whether none is left.
        """
        until = self._clock.seconds() + seconds
        in_flight = self._parts.in_flight
        while (left := until - self._clock.seconds()) > 0 and not self._signals_since:
            if not in_flight.is_empty:
                await self._patiently(in_flight.when_empty(), left, None)
            elif last_requests and self._parts.may_bring_work():
                await self._patiently(deferLater(self._clock, LOOK_SECONDS), left, None)
            else:
                break
        return in_flight.is_empty

    async def _patiently(
        self, work: Deferred[T], seconds: float, part: str | None
    ) -> None:
        """Wait for `work`, but neither for ever nor once an operator hurries.

        :param part: what it is, for the log; ``None`` for what is logged elsewhere.
        """
        if self._signals_since:
            seconds = HURRIED_SECONDS
        if self._signals_since > 1:
            work.cancel()
        waiting: Deferred[T] = work.addTimeout(seconds, self._clock)
        self._waiting = waiting.cancel
        try:
            await work
        except (DeferredTimeout, CancelledError):
            if part is not None:
                self.log.warn("timed out waiting for {part}; continuing", part=part)
        except Exception:
            self.log.failure("could not close the {part}", part=part or "calls")
        finally:
            self._waiting = None
