"""Starts and stops the daemon in an order in which no answer is lost.

Start:

1. ``privilegedStartService`` opens all sockets, while the process still has the rights
   to open ports below 1024. If one cannot be opened, all are closed and the process
   ends with status 78.
2. ``startService`` starts the timers. Once the reactor runs, the signal handlers are
   installed and the database's thread is started, and then the daemon announces that
   it listens and reports that it is ready. Signals come first, because whatever reads
   the announcement may send one.

Stop (`DaemonService.stopService`):

1. Readiness probes fail, the announcement is withdrawn, and inherited sockets stop
   accepting. The daemon's own sockets stay open: probes are answered, and new requests
   get status 503, which tells clients to try again.
2. It waits up to `DRAIN_SECONDS` for the calls in flight. This is the one deadline for
   work that clients wait for. Calls that are left after it are answered early: calls to
   Instantly are ended first, so that each answer says what is known of its outcome;
   `SETTLE_SECONDS` later the rest are cancelled and answered.
3. Event streams are closed. They come after the calls, because some answers are sent on
   streams.
4. The listening sockets close, then client connections are flushed and closed, then
   those that did not close are aborted, the timers stop, and the connections to
   Instantly close. The database is last: what becomes of a write is noted there. Each
   step has a short limit of its own, so that the whole stop stays below the 35 s of
   ``TimeoutStopSec`` in the systemd unit.

A second SIGTERM or SIGINT ends the wait for calls and shortens each later step to
`HURRIED_SECONDS`; a third one waits for nothing.
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

from ..._deferred import deferred
from ..settings.errors import EX_CONFIG, ConfigurationError
from .components import Announcer, Components, SocketListener
from .readiness import ServicePhase
from .signals import Signals

T = TypeVar("T")

DRAIN_SECONDS = 25.0
"""How long calls in flight may take after SIGTERM."""

CHECK_SECONDS = 0.1
"""How often the last connections of inherited sockets are checked for requests."""

SETTLE_SECONDS = 0.5
"""How long a call may take to answer after its calls to Instantly were ended."""

FLUSH_SECONDS = 2.0
"""How long flushing the last bytes to clients may take."""

POOL_SECONDS = 1.0
"""How long the connections to Instantly may take to close."""

STATE_SECONDS = 2.0
"""How long the last transactions of the database may take."""

HURRIED_SECONDS = 0.5
"""How long each step may take after a second signal."""


class DaemonService(MultiService):
    """One running daemon.

    :param clock: measures the time limits; usually the reactor as well.
    :param observer: the log observer for an application that this service joins.
    :param give_up: called with the lines that say why the daemon cannot start, before
        the process ends.
    :param warnings: logged once the daemon listens.
    :ivar exit_status: the status with which the process should end.
    """

    log: ClassVar[Logger] = Logger()

    def __init__(
        self,
        *,
        reactor: IReactorCore,
        clock: IReactorTime,
        components: Components,
        announcement: Announcer,
        signals: Signals,
        observer: ILogObserver | None = None,
        give_up: Callable[[Sequence[str]], None],
        warnings: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._reactor = reactor
        self._clock = clock
        self._components = components
        self._announcement = announcement
        self._signals = signals
        self._observer = observer
        self._give_up = give_up
        self._warnings = warnings
        self._listeners = (
            SocketListener(components.ports, components.factory),
            *components.extra_listeners,
        )
        self._opening: Deferred[None] | None = None
        self._stop_waiting: Callable[[], None] | None = None
        self._extra_signals = 0
        self.exit_status = 0
        for timer in components.timers:
            timer.setServiceParent(self)

    def setServiceParent(self, parent: IService) -> None:
        """Join an application, and make it use the daemon's log observer."""
        if self._observer is not None and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._observer)
        super().setServiceParent(parent)

    def privilegedStartService(self) -> None:
        """Open the sockets, before twistd drops the rights for ports below 1024."""
        super().privilegedStartService()
        self._opening = self._open()

    def startService(self) -> None:
        """Start to serve."""
        # `twist`, unlike `twistd`, does not call `privilegedStartService`.
        opening = self._open() if self._opening is None else self._opening
        super().startService()
        self._reactor.callWhenRunning(self._begin, opening)

    def _open(self) -> Deferred[None]:
        """Open the sockets. An error that is known at once ends the process."""
        opening = self._open_listeners()
        if opening.called and isinstance(opening.result, Failure):
            opening.addErrback(self._cannot_start)
            raise SystemExit(self.exit_status)
        return opening

    @deferred
    async def _open_listeners(self) -> None:
        try:
            for listener in self._listeners:
                await listener.ports.open(listener.factory)
        except ConfigurationError:
            # An open UNIX socket would leave files behind.
            for listener in self._listeners:
                await listener.ports.close()
            raise

    def _begin(self, opening: Deferred[None]) -> None:
        # A program that reads the announcement may send a signal at once.
        self._signals.listen(
            self.handle_stop_signal,
            self._components.reload,
            self._components.rotate_log,
        )
        opening.addCallback(lambda _: self._components.open_state())
        opening.addCallback(self._listening)
        opening.addErrback(self._cannot_run)

    def _listening(self, _: object) -> None:
        if self._components.readiness.phase is ServicePhase.DRAINING:
            return  # It was stopped while its database was being opened.
        try:
            self._announcement.publish(self._components.ports.urls)
        except OSError as error:
            raise ConfigurationError(
                f"IMCP-READY ready_file {error.filename} cannot be written: "
                f"{error.strerror}"
            ) from None
        self._components.readiness.phase = ServicePhase.READY
        for line in self._warnings:
            self.log.warn("{line}", line=line)
        for url in self._components.ports.urls:
            self.log.info("listening on {url}", url=url)

    def _cannot_start(self, failure: Failure) -> None:
        self.exit_status = EX_CONFIG
        errors = failure.value
        if isinstance(errors, ConfigurationError):
            self._give_up(errors.lines)
        else:
            self.log.failure("the daemon cannot start", failure=failure)
            self._give_up(["IMCP-BUG the daemon cannot start; its log says why"])

    def _cannot_run(self, failure: Failure) -> None:
        self._cannot_start(failure)
        self._reactor.callWhenRunning(self._reactor.stop)

    def handle_stop_signal(self) -> None:
        """Handle SIGTERM: drain at the first, hurry at the second, cut at the third."""
        if self._components.readiness.phase is not ServicePhase.DRAINING:
            self._components.readiness.phase = ServicePhase.DRAINING
            self._reactor.stop()
            return
        self._extra_signals += 1
        if self._stop_waiting is not None:
            self._stop_waiting()

    @deferred
    async def stopService(self) -> None:
        """Stop in the order that the head of this module explains."""
        components = self._components
        self.log.info("draining")
        components.readiness.phase = ServicePhase.DRAINING
        self._announcement.withdraw()
        for listener in self._listeners:
            listener.ports.release()
        all_inherited = components.ports.all_inherited
        components.refuse_new(not all_inherited)
        if not await self._drained(DRAIN_SECONDS, last_requests=all_inherited):
            await self._answer_the_rest()
        components.close_streams()
        for listener in self._listeners:
            await self._wait_for(listener.ports.close(), FLUSH_SECONDS, "sockets")
        connections = components.close_connections()
        await self._wait_for(connections, FLUSH_SECONDS, "client connections")
        components.cut_connections()
        super().stopService()
        closing = components.close_upstream()
        await self._wait_for(closing, POOL_SECONDS, "connections to Instantly")
        await self._wait_for(components.close_state(), STATE_SECONDS, "the database")
        self._signals.ignore_until_the_end()
        self.log.info("stopped")

    async def _answer_the_rest(self) -> None:
        """End the calls to Instantly, then answer the calls that are left."""
        self.log.warn("calls are still in flight; they are answered without a result")
        self._components.give_up_upstream()
        if not await self._drained(SETTLE_SECONDS):
            self._components.give_up_calls()

    async def _drained(self, seconds: float, *, last_requests: bool = False) -> bool:
        """Wait for the calls in flight, at most `seconds` or until a second signal.

        :param last_requests: also wait for requests on connections that are open.
        :returns: whether all calls have ended.
        """
        until = self._clock.seconds() + seconds
        in_flight = self._components.in_flight
        while (left := until - self._clock.seconds()) > 0 and not self._extra_signals:
            if not in_flight.is_empty:
                await self._wait_for(in_flight.when_empty(), left, None)
            elif last_requests and self._components.may_bring_work():
                await self._wait_for(deferLater(self._clock, CHECK_SECONDS), left, None)
            else:
                break
        return in_flight.is_empty

    async def _wait_for(
        self, work: Deferred[T], seconds: float, part: str | None
    ) -> None:
        """Wait for `work`, at most `seconds` or until another signal.

        :param part: the name of the work in the log; ``None`` to log no timeout.
        """
        if self._extra_signals:
            seconds = HURRIED_SECONDS
        if self._extra_signals > 1:
            work.cancel()
        waiting: Deferred[T] = work.addTimeout(seconds, self._clock)
        self._stop_waiting = waiting.cancel
        try:
            await work
        except (DeferredTimeout, CancelledError):
            if part is not None:
                self.log.warn("timed out waiting for {part}; continuing", part=part)
        except Exception:
            self.log.failure("could not close the {part}", part=part or "calls")
        finally:
            self._stop_waiting = None
