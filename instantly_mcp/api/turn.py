"""Waits for the turn at the rate limit and the slot that a call needs to be sent."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from . import error_messages
from .call import Call
from .concurrency import MAX_WAIT_SECONDS, Busy, Concurrency
from .retry import Setback
from .throttle import Crowded, Throttle


async def take_turn(
    call: Call, throttle: Throttle, concurrency: Concurrency, clock: IReactorTime
) -> None:
    """Wait for a turn at the rate limit, then for a slot in the time that remains.

    The caller must release the slot with ``concurrency.leave``.

    :raises Setback: when there was no turn or no slot within `MAX_WAIT_SECONDS`.
    """
    principal = call.credential.principal
    until = clock.seconds() + MAX_WAIT_SECONDS
    try:
        turn = throttle.admit(principal, call.operation)
        if turn is not None:
            await _in_line(principal, turn, concurrency)
        slot = concurrency.enter(principal, until - clock.seconds())
        if slot is not None:
            await slot
    except Crowded as crowd:
        seconds = crowd.seconds
        raise Setback(
            error_messages.asked_to_slow_down(call.operation, seconds)
            if crowd.asked
            else error_messages.throttled(call.operation, crowd.limit, seconds)
        ) from None
    except Busy as busy:
        raise Setback(
            error_messages.overloaded(call.operation, busy.waited, throttle.max_wait)
        ) from None


async def rest(
    call: Call,
    seconds: float,
    last: Setback,
    concurrency: Concurrency,
    clock: IReactorTime,
) -> None:
    """Wait before another attempt, if the call finds a place to wait.

    :param seconds: how long to wait.
    :param last: the last attempt.
    :raises ApiError: the error of the last attempt, if there is no place.
    """
    try:
        with concurrency.place(call.credential.principal):
            await deferLater(clock, seconds)
    except Busy:
        raise last.error from None


async def _in_line(
    principal: str, turn: Deferred[None], concurrency: Concurrency
) -> None:
    try:
        with concurrency.place(principal):
            await turn
    except Busy:
        turn.addErrback(lambda cancelled: None)
        turn.cancel()
        raise
