"""Looks at what changes while nobody calls, for as long as somebody subscribes to it.

A resource may come with a `Watch`: work that looks again and again, tells of what it
finds changed, and ends when nothing more will change. One watch serves all who
subscribe with one principal; the last of them to leave cancels it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeAlias

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

MAX_WATCHES = 16
"""Watches of one principal that run at a time; the others wait for their turn."""

Leave: TypeAlias = Callable[[], None]
"""What a subscriber calls when it subscribes no more; twice does no harm."""

Start: TypeAlias = "Callable[[], Deferred[None]]"


@define(eq=False)
class _Watch:
    """The watch of one resource for one principal, running or waiting for its turn."""

    start: Start
    subscribers: int = 0
    started: bool = False
    work: Deferred[None] | None = field(default=None, repr=False)


@define(eq=False)
class Watches:
    """Every watch that runs, or waits for its turn."""

    log: ClassVar[Logger] = Logger()

    _of: dict[str, dict[str, _Watch]] = field(factory=dict, init=False)

    @property
    def count(self) -> int:
        """How many watches run now."""
        return sum(each.started for own in self._of.values() for each in own.values())

    def join(self, uri: str, principal: str, start: Start) -> Leave:
        """Subscribe: see to it that the resource is watched.

        :param start: starts the watch, if none runs for this principal.
        """
        own = self._of.setdefault(principal, {})
        watch = own.get(uri)
        if watch is None:
            watch = own[uri] = _Watch(start)
        watch.subscribers += 1
        self._start_waiting(principal)
        joined: list[_Watch] = [watch]

        def leave() -> None:
            if joined:
                self._left(joined.pop(), uri, principal)

        return leave

    def close(self) -> None:
        """Cancel them all: the daemon stops."""
        everything, self._of = self._of, {}
        for own in everything.values():
            for watch in own.values():
                _cancel(watch)

    def _left(self, watch: _Watch, uri: str, principal: str) -> None:
        watch.subscribers -= 1
        if watch.subscribers == 0:
            self._forget(watch, uri, principal)
            _cancel(watch)

    def _start_waiting(self, principal: str) -> None:
        own = self._of.get(principal, {})
        running = sum(watch.started for watch in own.values())
        for uri, watch in list(own.items()):
            if running >= MAX_WATCHES:
                return
            if not watch.started:
                running += 1
                self._run(watch, uri, principal)

    def _run(self, watch: _Watch, uri: str, principal: str) -> None:
        watch.started = True

        def ended(outcome: None) -> None:
            self._forget(watch, uri, principal)

        watch.work = maybeDeferred(watch.start).addErrback(self._failed)
        watch.work.addCallback(ended)

    def _forget(self, watch: _Watch, uri: str, principal: str) -> None:
        own = self._of.get(principal, {})
        if own.get(uri) is not watch:
            return
        del own[uri]
        if own:
            self._start_waiting(principal)
        else:
            del self._of[principal]

    def _failed(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            self.log.failure("Watching a resource failed", failure=failure)


def _cancel(watch: _Watch) -> None:
    if watch.work is not None:
        watch.work.cancel()
