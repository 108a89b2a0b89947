"""The one seam between coroutines (inside) and Deferreds (at the interfaces)."""

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
    """Make an ``async def`` return a Deferred, started at once.

    Cancelling that Deferred cancels whatever the coroutine awaits; the coroutine
    then sees ``CancelledError``, which *is* an ``Exception`` in Twisted: code that
    catches broadly must let it through first.
    """

    @wraps(function)
    def start(*args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        return Deferred.fromCoroutine(function(*args, **kwargs))

    return start


def reraise(failure: Failure) -> NoReturn:
    """Raise what a failure holds, with its own traceback."""
    failure.raiseException()
    raise AssertionError("a Failure always raises")  # For type checkers.
