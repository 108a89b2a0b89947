"""Stores that fail, or answer when the test says so. No tests."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail


class FullDisk:
    """A store whose every method fails."""

    def __getattr__(self, name: str) -> Any:
        """Return a method that fails."""
        return lambda *_: fail(OSError("No space left on device"))


class WatchedStore:
    """A store that notes what is called; the rest comes from another one.

    :ivar seen: the names of the methods that were called.
    """

    def __init__(self, store: Any) -> None:
        self._store = store
        self.seen: list[str] = []

    def __getattr__(self, name: str) -> Any:
        """Return a method of the other store, and note it."""
        self.seen.append(name)
        return getattr(self._store, name)


class SlowStore:
    """A store whose first answer the test gives; the rest comes from another one.

    :ivar waiting: the Deferred of the first call.
    :ivar seen: the names of the methods that were called.
    """

    def __init__(self, store: Any) -> None:
        self._store = store
        self.waiting: Deferred[Any] = Deferred()
        self.seen: list[str] = []

    def __getattr__(self, name: str) -> Any:
        """Return a method that does its work at once, and may answer later."""

        def work(*args: Any) -> Deferred[Any]:
            done: Deferred[Any] = getattr(self._store, name)(*args)
            self.seen.append(name)
            return self.waiting if len(self.seen) == 1 else done

        return work
