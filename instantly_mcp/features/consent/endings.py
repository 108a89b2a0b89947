"""How a write ended, from the error with which its call failed."""

from __future__ import annotations

from ...access.act import Ending, EndingKind
from ...api.errors import ApiError, Reason

_NOT_SENT = frozenset(
    {
        Reason.BAD_ARGUMENT,
        Reason.NOT_GRANTED,
        Reason.KEY_KEPT_BACK,
        Reason.OVERLOADED,
        Reason.STOPPING,
        Reason.TIMEOUT,
        Reason.UNREACHABLE,
    }
)
"""The reasons with which the client says that a write was not sent. `Reason.TIMEOUT`
means for a write that no time was left to send it."""

_UNKNOWN = frozenset(
    {Reason.OUTCOME_UNKNOWN, Reason.STILL_RUNNING, Reason.UNEXPECTED_REPLY}
)


def ending_of(error: BaseException, seconds: float) -> Ending:
    """Return how a write ended whose call failed.

    What is not an `ApiError`, such as a cancellation, may have been sent.
    """
    if not isinstance(error, ApiError):
        return Ending(kind=EndingKind.AMBIGUOUS, seconds=seconds)
    kind = EndingKind.FAILED
    if error.reason in _NOT_SENT:
        kind = EndingKind.REFUSED
    elif error.reason in _UNKNOWN:
        kind = EndingKind.AMBIGUOUS
    return Ending(kind=kind, status=error.status, seconds=seconds)
