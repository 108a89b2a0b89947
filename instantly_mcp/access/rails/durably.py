"""Refuses a write when what must be recorded about it cannot be recorded."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from ..refusal import AccessRefusedError, not_recorded

T = TypeVar("T")

log = Logger()


async def recorded(work: Awaitable[T]) -> T:
    """Return the result of a store.

    :raises AccessRefusedError: when the store fails, for example on a full disk.
    """
    try:
        return await work
    except (AccessRefusedError, CancelledError):
        raise
    except Exception:
        log.failure("A write was refused, because it could not be recorded")
        raise not_recorded("This server cannot record what it sends.") from None
