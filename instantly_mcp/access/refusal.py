"""The error with which the rules of access refuse a write, before it is sent."""

from __future__ import annotations

from .._json_codec import Json

NOT_ALLOWED = "not_allowed"
CONFIRMATION_REQUIRED = "confirmation_required"
CONFIRMATION_INVALID = "confirmation_invalid"
APPROVAL_PENDING = "approval_pending"
APPROVAL_DENIED = "approval_denied"
CAP_REACHED = "cap_reached"
OUTCOME_UNKNOWN = "outcome_unknown"
SENDING_OFF = "sending_off"
BUSY = "busy"


class AccessRefusedError(Exception):
    """A write is refused; nothing was sent.

    Neither the message nor the hint names a setting that would permit the write: what
    they say reaches a model, which must not look for a way round.

    :param code: one of the constants of this module.
    :param message: one sentence: what is refused, and by what rule.
    :param hint: one sentence: what to do, or whom to ask.
    :param facts: further members of the error object.
    """

    def __init__(self, code: str, message: str, hint: str, **facts: Json) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.facts = facts


def ask_operator(what: str) -> AccessRefusedError:
    """Return the refusal of what the operator did not allow.

    :param what: a sentence, such as "This connection may only read."
    """
    return AccessRefusedError(
        NOT_ALLOWED,
        what,
        "Nothing was sent. Tell the user that the operator of this server decides it.",
    )


def not_recorded(what: str) -> AccessRefusedError:
    """Return the refusal of a write of which no record can be made.

    :param what: a sentence that says so.
    """
    return AccessRefusedError(
        NOT_ALLOWED,
        what,
        "Nothing was sent. Tell the user that the operator of this server must look at "
        "its log.",
    )
