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


def ending_of(error: BaseException, seconds: float, *, may_have_acted: bool) -> Ending:
    """Return how a write ended whose call failed.

    :param may_have_acted: see `Grant.may_have_acted`. The error tells only of the last
        attempt; a write is refused only if no attempt may have taken effect.
    """
    kind, status = EndingKind.REFUSED, None
    if isinstance(error, ApiError):
        kind, status = _kind_of(error), error.status
    if kind is EndingKind.REFUSED and may_have_acted:
        kind = EndingKind.AMBIGUOUS
    return Ending(kind=kind, status=status, seconds=seconds)


def _kind_of(error: ApiError) -> EndingKind:
    if error.reason in _NOT_SENT or _is_breaker_open(error):
        return EndingKind.REFUSED
    if error.reason in _UNKNOWN or in_doubt(error):
        return EndingKind.AMBIGUOUS
    return EndingKind.FAILED


def _is_breaker_open(error: ApiError) -> bool:
    return error.reason is Reason.UPSTREAM_FAILED and error.status is None
