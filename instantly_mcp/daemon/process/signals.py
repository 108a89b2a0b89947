"""Turns operating-system signals into calls on the reactor's thread."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Protocol, TypeAlias

from attrs import define, field

from .early_signals import MEANT_FOR_A_DAEMON

Handler: TypeAlias = Callable[[int, FrameType | None], None]


class Install(Protocol):
    """`signal.signal`, or a replacement in tests."""

    def __call__(self, number: int, handler: Handler | signal.Handlers, /) -> object:
        """Install `handler` for a signal."""
        ...


@define(eq=False)
class Signals:
    """The signals that a daemon handles.

    :param call: runs a function on the reactor's thread, as `callFromThread` does.
    :param install: installs a signal handler.
    """

    call: Callable[[Callable[[], object]], object]
    install: Install = field(default=signal.signal)

    def listen(
        self,
        stop: Callable[[], object],
        reload: Callable[[], object],
        rotate: Callable[[], object],
    ) -> None:
        """Install the handlers.

        :param stop: called on each SIGTERM and SIGINT.
        :param reload: called on each SIGHUP.
        :param rotate: called on each SIGUSR1: the log was renamed. twistd uses the same
            signal for it.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            self.install(number, self._calling(stop))
        self.install(signal.SIGHUP, self._calling(reload))
        self.install(signal.SIGUSR1, self._calling(rotate))

    def ignore_until_the_end(self) -> None:
        """Ignore the signals for a running daemon while the process ends.

        Python removes its handlers before it has ended: SIGUSR1 of a log rotation would
        then kill the process, whose exit status would report a failure. A signal that
        is ignored stays ignored.
        """
        for number in MEANT_FOR_A_DAEMON:
            self.install(number, signal.SIG_IGN)

    def _calling(self, function: Callable[[], object]) -> Handler:
        def handle(number: int, frame: FrameType | None) -> None:
            self.call(function)

        return handle
