"""The refusals of the guard, and how a tool reports them."""

from __future__ import annotations

from ...access.refusal import NOT_ALLOWED, AccessRefusedError
from ..results import CallRefusedError


def call_refusal(refused: AccessRefusedError | CallRefusedError) -> CallRefusedError:
    """Return a refusal as tools report it."""
    if isinstance(refused, CallRefusedError):
        return refused
    return CallRefusedError(
        refused.code, refused.message, refused.hint, **refused.facts
    )


def beyond_consent() -> AccessRefusedError:
    """Return the refusal of what was not agreed to, after a first write."""
    return AccessRefusedError(
        NOT_ALLOWED,
        "A further part of this needs a consent of its own, because it does more than "
        "was agreed to. That part was not sent.",
        "Tell the user what was done before, and what was not.",
    )
