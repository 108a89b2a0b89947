"""What the operator administers, in memory: loaded once, then changed by commands.

The daemon and the command line without a daemon load it in the same way, while the
database still runs each transaction at once (`IDatabase.start`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ..access.token_book import TokenBook
from ..state.interfaces import IDatabase
from ..state.stores.tokens import TokenStore
from .settings.errors import ConfigurationError


@frozen(kw_only=True)
class Books:
    """The records of the operator.

    :param wall: returns the time in seconds since the epoch.
    """

    wall: Callable[[], float]
    tokens: TokenBook


def load_books(database: IDatabase, wall: Callable[[], float]) -> Books:
    """Load the records from a database that is not started yet.

    :param wall: returns the time in seconds since the epoch.
    :raises ConfigurationError: when they cannot be read.
    """
    books = Books(wall=wall, tokens=TokenBook(TokenStore(database), wall))
    _finish(books.tokens.load())
    return books


def _finish(loading: Deferred[None]) -> None:
    """Take the result of a transaction that has run already.

    :raises ConfigurationError: when it failed.
    """
    failures: list[Failure] = []
    loading.addErrback(failures.append)
    for failure in failures:
        if failure.check(sqlite3.Error, ValueError):
            raise ConfigurationError(
                f"IMCP-STATE the database cannot be read: {failure.getErrorMessage()}"
            )
        failure.raiseException()
