"""The interface of the database in which the daemon keeps what must outlive it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from zope.interface import Interface

T = TypeVar("T")


class IDatabase(Interface):
    """A database whose transactions run one after the other."""

    def run(interaction: Callable[..., T], *args: Any) -> Deferred[T]:
        """Run an interaction in one transaction, which takes the write lock first.

        What it wrote is on the disk when the Deferred fires. Transactions run in the
        order of the calls. Cancelling the Deferred stops nothing: the transaction is
        made, or was made, and its result is lost.

        :param interaction: called with a `sqlite3.Cursor` and `args`, maybe in a
            thread: it must touch nothing but its arguments. If it raises, nothing of
            the transaction remains.
        :returns: the result of the interaction.
        :raises sqlite3.Error: when the database fails, for example on a full disk.
        """

    def start(reactor: Any) -> Deferred[None]:
        """Begin to run transactions in a thread; before that they block the caller.

        Must not be called before the process has forked for the last time.

        :raises sqlite3.Error: when the database cannot be opened.
        """

    def close() -> Deferred[None]:
        """Finish the transactions that were begun, and release the database."""
