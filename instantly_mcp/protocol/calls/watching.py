"""Watches: polls that find changes of resources while clients are subscribed to them.

Some resources change without any call through this server. Such a resource has a
`WatchResource`: work that polls, reports the changes that it finds, and ends when the
resource will not change again. All subscriptions of one principal to one URI share a
watch, which starts with the first subscription and is cancelled with the last one. At
most `MAX_WATCHES` of a principal run at a time; others wait until one of them ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeAlias

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

MAX_WATCHES = 16
"""Maximum number of running watches of one principal; others wait."""

Unsubscribe: TypeAlias = Callable[[], None]
"""Ends one subscription; calling it again has no effect."""

StartWatch: TypeAlias = "Callable[[], Deferred[None]]"


@define(eq=False)
class _Watch:
    """The watch of one resource for one principal, running or waiting."""

    start: StartWatch
    subscribers: int = 0
    started: bool = False
    work: Deferred[None] | None = field(default=None, repr=False)


@define(eq=False)
class Watches:
    """All watches that run or wait."""

    log: ClassVar[Logger] = Logger()

    _of: dict[str, dict[str, _Watch]] = field(factory=dict, init=False)

    @property
    def count(self) -> int:
        """How many watches are running."""
        return sum(each.started for own in self._of.values() for each in own.values())

    def join(self, uri: str, principal: str, start: StartWatch) -> Unsubscribe:
        """Add a subscription, and start a watch if the principal has none for the URI.

        :param start: starts the watch; its Deferred fires when the watch ends.
        :returns: ends the subscription.
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
        """Cancel all watches, because the daemon stops."""
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
