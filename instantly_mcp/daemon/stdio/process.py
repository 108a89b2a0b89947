"""The life of the process: from the first message to the exit status.

It ends when the client closes its end of the input or of the output, or at SIGTERM,
SIGINT or SIGHUP. In each case calls in flight are finished first, so that no write is
cut off, and their answers are written. A second signal shortens that, a third one waits
for nothing. Whatever the client does, the process does not outlive it for longer than
the limits below together.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.error import ReactorNotRunning
from twisted.logger import Logger

from ..._deferred import deferred
from ...transports.stdio_pipes import StandardStreams, StdioPipes
from ..settings.errors import EX_CONFIG, ConfigurationError
from .parts import BuildParts, StdioParts

T = TypeVar("T")

FLUSH_SECONDS = 2.0
"""How long the client may take to read the last answers."""

CLOSE_SECONDS = 3.0
"""How long the connections to Instantly and the database may take to close."""

STOPPING = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
"""Signals that end the process, as far as the system has them."""


@define(eq=False)
class StdioProcess:
    """Runs the parts on the standard streams until the client leaves.

    :param reactor: not running yet.
    :param give_up: called with one line per error when the parts cannot start.
    :ivar exit_status: the status with which the process should end.
    """

    log: ClassVar[Logger] = Logger()

    reactor: Any
    streams: StandardStreams
    build: BuildParts
    give_up: Callable[[Sequence[str]], object]
    exit_status: int = field(default=0, init=False)
    _pipes: StdioPipes = field(init=False, repr=False)
    _parts: StdioParts | None = field(default=None, init=False, repr=False)
    _started: bool = field(default=False, init=False)
    _signals: int = field(default=0, init=False)
    _waiting: Deferred[Any] | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Prepare the pipes."""
        self._pipes = StdioPipes(self.streams, self.reactor.callFromThread)

    def run(self) -> int:
        """Run the reactor until the end; return the exit status."""
        self.reactor.callWhenRunning(self.live)
        self.reactor.run()
        return self.exit_status

    def handle_signal(self) -> None:
        """Handle a signal that ends the process: finish, hurry, or wait no longer."""
        self._signals += 1
        if self._signals == 1 and self._started:
            self._pipes.stop()
        elif self._signals == 2 and self._parts is not None:
            self._parts.hurry()
        elif self._waiting is not None:
            self._waiting.cancel()

    @deferred
    async def live(self) -> None:
        """Start, serve, end; stops the reactor at last."""
        self._listen_for_signals()
        try:
            parts = self._parts = self.build(self._pipes)
            try:
                await self._serve(parts)
            finally:
                await self._wait_for(parts.close(), CLOSE_SECONDS)
        except ConfigurationError as error:
            self.exit_status = EX_CONFIG
            self.give_up(error.lines)
        except Exception:
            self.exit_status = EX_CONFIG
            self.log.failure("the server cannot start")
            self.give_up(["IMCP-BUG the server cannot start; its log says why"])
        finally:
            with suppress(ReactorNotRunning):
                self.reactor.stop()

    async def _serve(self, parts: StdioParts) -> None:
        await parts.start()
        self._started = True
        if self._signals:
            return  # It was stopped while it started.
        self._pipes.start(parts.consumer)
        await self._wait_for(self._pipes.finished)
        await self._wait_for(self._pipes.done, FLUSH_SECONDS)

    async def _wait_for(self, work: Deferred[T], seconds: float | None = None) -> None:
        """Wait, at most so long, or until the third signal."""
        if seconds is not None:
            work.addTimeout(seconds, self.reactor)
        self._waiting = work
        try:
            await work
        except (CancelledError, DeferredTimeout):
            self.log.warn("the end did not wait for everything")
        finally:
            self._waiting = None

    def _listen_for_signals(self) -> None:
        def handle(number: int, frame: object) -> None:
            self.reactor.callFromThread(self.handle_signal)

        for name in STOPPING:
            if name in signal.Signals.__members__:
                signal.signal(signal.Signals[name], handle)
