"""Waits for the turn at the rate limit and the slot that a call needs to be sent."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from . import error_messages
from .call import ApiCall
from .pace.concurrency import MAX_WAIT_SECONDS, Busy, Concurrency
from .pace.retry import AttemptFailed
from .pace.throttle import Throttle, ThrottleExceeded


async def take_turn(
    call: ApiCall, throttle: Throttle, concurrency: Concurrency, clock: IReactorTime
) -> None:
    """Wait for a turn at the rate limit, then for a slot in the time that remains.

    The turn may take up to ``throttle.max_wait`` seconds. A slot must be free before
    `MAX_WAIT_SECONDS` have passed since the call. The caller must release the slot with
    ``concurrency.leave``.

    :raises AttemptFailed: when there was no turn or no slot in time.
    """
    principal = call.credential.principal
    until = clock.seconds() + MAX_WAIT_SECONDS
    try:
        turn = throttle.admit(call.credential.workspace_key, call.operation)
        if turn is not None:
            await _in_line(principal, turn, concurrency)
        slot = concurrency.enter(principal, until - clock.seconds())
        if slot is not None:
            await slot
    except ThrottleExceeded as exceeded:
        seconds = exceeded.seconds
        raise AttemptFailed(
            error_messages.asked_to_slow_down(call.operation, seconds)
            if exceeded.asked
            else error_messages.throttled(call.operation, exceeded.limit, seconds)
        ) from None
    except Busy as busy:
        raise AttemptFailed(
            error_messages.overloaded(call.operation, busy.waited, throttle.max_wait)
        ) from None


async def wait_before_retry(
    call: ApiCall,
    seconds: float,
    last: AttemptFailed,
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
