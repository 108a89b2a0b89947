"""How a write ended, from the error with which its call failed."""

from __future__ import annotations

from ...access.act import Ending, EndingKind
from ...api.errors import ApiError, Reason
from ..error_hints import in_doubt

_NOT_SENT = frozenset(
    {
        Reason.BAD_ARGUMENT,
        Reason.NOT_GRANTED,
        Reason.KEY_KEPT_BACK,
        Reason.OVERLOADED,
        Reason.SENDING_OFF,
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


def ending_of(error: BaseException, seconds: float, *, was_left: bool) -> Ending:
    """Return how a write ended whose call failed.

    :param was_left: see `Grant.was_left`. What failed in another way than with an
        `ApiError`, such as a cancellation, was sent only then.
    """
    if not isinstance(error, ApiError):
        kind = EndingKind.AMBIGUOUS if was_left else EndingKind.REFUSED
        return Ending(kind=kind, seconds=seconds)
    kind = EndingKind.FAILED
    if error.reason in _NOT_SENT or _is_breaker_open(error):
        kind = EndingKind.REFUSED
    elif error.reason in _UNKNOWN or in_doubt(error):
        kind = EndingKind.AMBIGUOUS
    return Ending(kind=kind, status=error.status, seconds=seconds)


def _is_breaker_open(error: ApiError) -> bool:
    return error.reason is Reason.UPSTREAM_FAILED and error.status is None
