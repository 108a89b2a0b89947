"""Turns signals of the operating system into calls on the reactor's thread."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Protocol, TypeAlias

from attrs import define, field

Handler: TypeAlias = Callable[[int, FrameType | None], None]


class Install(Protocol):
    """`signal.signal`, or what a test has in its place."""

    def __call__(self, number: int, handler: Handler, /) -> object:
        """Call `handler` from now on when the signal arrives."""
        ...


@define(eq=False)
class Signals:
    """The signals that a daemon understands.

    :param call: runs a function on the reactor's thread, soon.
    """

    call: Callable[[Callable[[], object]], object]
    install: Install = field(default=signal.signal)

    def listen(
        self,
        stop: Callable[[], object],
        reload: Callable[[], object],
        rotate: Callable[[], object],
    ) -> None:
        """Act on signals, each time they arrive.

        :param stop: SIGTERM, SIGINT.
        :param reload: SIGHUP.
        :param rotate: SIGUSR1: the log was renamed. This is twistd's signal for it.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            self.install(number, self._calling(stop))
        self.install(signal.SIGHUP, self._calling(reload))
        self.install(signal.SIGUSR1, self._calling(rotate))

    def _calling(self, function: Callable[[], object]) -> Handler:
        def handle(number: int, frame: FrameType | None) -> None:
            self.call(function)

        return handle
