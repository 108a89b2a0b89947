"""Converts between coroutines (inside) and Deferreds (at the interfaces)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

P = ParamSpec("P")
T = TypeVar("T")


def deferred(
    function: Callable[P, Coroutine[Deferred[Any], Any, T]],
) -> Callable[P, Deferred[T]]:
    """Make an ``async def`` start at once and return a Deferred.

    Cancelling that Deferred cancels what the coroutine awaits, and raises
    ``CancelledError`` in it. In Twisted that is an ``Exception``: code that catches
    ``Exception`` must first re-raise it.
    """

    @wraps(function)
    def start(*args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        return Deferred.fromCoroutine(function(*args, **kwargs))

    return start


def to_its_end(running: Deferred[T]) -> Deferred[T]:
    """Return the result of another Deferred, which goes on when this one is cancelled.

    For work that would be left half done. What it fails with after that is not told.
    """
    result: Deferred[T] = Deferred()
    running.chainDeferred(result)
    return result


def reraise(failure: Failure) -> NoReturn:
    """Raise the exception of a failure with its own traceback."""
    failure.raiseException()
    raise AssertionError("a Failure always raises")  # For type checkers.
