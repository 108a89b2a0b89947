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

FLUSH_SECONDS = 2.0
"""How long the last bytes may take, and the closing of the pool."""


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
        self._hurried = False
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
                f"IMCP-READY the ready file cannot be written: {error.strerror}"
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
        """Drain at the first call, stop at once at the second."""
        if self._parts.readiness.phase is not Phase.DRAINING:
            self._parts.readiness.phase = Phase.DRAINING
            self._reactor.stop()
            return
        self._hurried = True
        if self._waiting is not None:
            self._waiting()

    @deferred
    async def stopService(self) -> None:
        """Stop in the one order in which nobody loses an answer."""
        self.log.info("draining")
        self._parts.readiness.phase = Phase.DRAINING
        self._announcement.withdraw()
        for door in self._doors:
            await self._patiently(door.ports.close(), FLUSH_SECONDS)
        self._parts.refuse_new()
        await self._patiently(self._parts.in_flight.when_empty(), DRAIN_SECONDS)
        self._parts.close_streams()
        await self._patiently(self._parts.close_connections(), FLUSH_SECONDS)
        self._parts.cut_connections()
        super().stopService()
        await self._patiently(self._parts.close_upstream(), FLUSH_SECONDS)
        self.log.info("stopped")

    async def _patiently(self, work: Deferred[T], seconds: float) -> None:
        """Wait for `work`, but neither for ever nor once the operator hurries."""
        if self._hurried:
            work.cancel()
        waiting: Deferred[T] = work.addTimeout(seconds, self._clock)
        self._waiting = waiting.cancel
        try:
            await work
        except (DeferredTimeout, CancelledError):
            self.log.warn("went on without waiting any longer")
        except Exception:
            self.log.failure("a part did not stop well")
        finally:
            self._waiting = None
