"""What a caller's program learns about its request for approval.

The messages reach a model: they say what a person has to do, and nothing that the model
could do instead.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import TypeAlias

from ..._times import utc, utc_minute
from ..refusal import (
    APPROVAL_DENIED,
    APPROVAL_PENDING,
    CAP_REACHED,
    NOT_ALLOWED,
    AccessRefusedError,
)
from .approval import MAX_PENDING, Approval, ApprovalState

PageOf: TypeAlias = Callable[[str], str | None]
"""Returns the URL of the page of a request, by its id; ``None`` without a page."""


def pending(approval: Approval, page_of: PageOf) -> AccessRefusedError:
    """The request waits for a person."""
    page = page_of(approval.id)
    command = f"instantly-mcp approvals show {approval.id}"
    where = f"at {page}" if page else f"with the command: {command}"
    until = utc_minute(approval.until)
    return AccessRefusedError(
        APPROVAL_PENDING,
        f"Nothing was sent: a person must approve this first (request {approval.id}).",
        f"Tell the user that an approver decides {where} until {until}. After the "
        "approval, make the same call again with the same arguments.",
        approval=approval.id,
        **({"approval_page": page} if page else {}),
        approval_command=command,
        expires_at=utc(approval.until),
    )


def denied(approval: Approval, seconds: float) -> AccessRefusedError:
    """A person denied the request, or no person decided in time.

    :param seconds: for which the same call is refused.
    """
    if approval.state is ApprovalState.EXPIRED:
        what = f"no approver decided in time about request {approval.id}"
    else:
        what = f"{approval.by} denied request {approval.id}"
    minutes = max(1, ceil(seconds / 60))
    return AccessRefusedError(
        APPROVAL_DENIED,
        f"Nothing was sent: {what}.",
        "Tell the user, and do not repeat the call unless the user asks for it. It "
        f"can be requested again in {minutes} minute{'s' * (minutes != 1)}.",
        approval=approval.id,
        retry_after_seconds=ceil(seconds),
    )


def too_many_pending() -> AccessRefusedError:
    """The principal has as many pending requests as it may have."""
    return AccessRefusedError(
        CAP_REACHED,
        f"Nothing was sent: {MAX_PENDING} requests of this caller already wait for "
        "approval.",
        "Tell the user that an approver has to decide about those first.",
        pending=MAX_PENDING,
    )


def not_valid_any_more() -> AccessRefusedError:
    """The caller's connection token was revoked or has expired."""
    return AccessRefusedError(
        NOT_ALLOWED,
        "Nothing was sent: the connection token of this caller is not valid any more.",
        "Tell the user that the operator of this server issues tokens.",
    )
