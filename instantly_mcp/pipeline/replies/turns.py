"""Splits work over iterations of the reactor, so that other clients are not blocked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

T = TypeVar("T")
R = TypeVar("R")

TURN_SECONDS = 0.01
"""After this time the rest of the work waits for the reactor's next iteration."""


def in_turns(
    clock: IReactorTime, work: Callable[[T], R], items: Iterable[T]
) -> Deferred[list[R]]:
    """Call `work` with each item, in order, and fire with the results.

    Each iteration of the reactor does at least one item.

    :param work: must not raise.
    """
    remaining = iter(items)
    results: list[R] = []
    done: Deferred[list[R]] = Deferred()

    def turn() -> None:
        began = clock.seconds()
        for item in remaining:
            results.append(work(item))
            if clock.seconds() - began >= TURN_SECONDS:
                clock.callLater(0, turn)
                return
        done.callback(results)

    turn()
    return done
