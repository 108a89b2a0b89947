"""How a lead reacts to mail, decided by the seed and its address.

The first word of an address can choose the behavior: ``bounce.anyone@example.com``
bounces, ``reply.anyone@…`` replies with interest, ``decline.…`` replies without,
``ooo.…`` replies that it is out of office, ``unsubscribe.…`` unsubscribes and
``quiet.…`` does nothing. All other leads follow rates that are usual for cold e-mail.
"""

from __future__ import annotations

from .ids import random_bytes
from .records import QUIET, Lead, LeadBehavior, ReplyKind

_BY_FIRST_WORD = {
    "bounce": LeadBehavior(bounces=True),
    "reply": LeadBehavior(opens=1, answer=ReplyKind.INTERESTED, hours=1.0),
    "decline": LeadBehavior(opens=1, answer=ReplyKind.NOT_INTERESTED, hours=1.0),
    "ooo": LeadBehavior(answer=ReplyKind.OUT_OF_OFFICE, hours=0.1),
    "unsubscribe": LeadBehavior(opens=1, leaves=True, hours=1.0),
    "quiet": QUIET,
}
_REPLIES = (
    (3, ReplyKind.INTERESTED),
    (4, ReplyKind.MEETING),
    (8, ReplyKind.NOT_INTERESTED),
    (9, ReplyKind.WRONG_PERSON),
    (13, ReplyKind.OUT_OF_OFFICE),
)
"""Thresholds out of 256: about one lead in twenty replies."""


def behavior_of(lead: Lead, seed: str) -> LeadBehavior:
    """Return the lead's behavior, deciding it at the first call."""
    if lead.fate is None:
        email = str(lead.shown.get("email") or lead.id)
        wish = _BY_FIRST_WORD.get(email.partition("@")[0].partition(".")[0].lower())
        lead.fate = wish or random_behavior(random_bytes(seed, email))
    return lead.fate


def random_behavior(dice: bytes) -> LeadBehavior:
    """Return an ordinary behavior for 16 random bytes."""
    answer = next((found for limit, found in _REPLIES if dice[0] < limit), None)
    return LeadBehavior(
        bounces=dice[1] < 4 and answer is None,
        opens=1 + dice[2] % 2 if dice[2] < 110 or answer is not None else 0,
        clicks=dice[3] < 20 and dice[2] < 110,
        answer=answer,
        answer_step=dice[4] % 2,
        leaves=dice[5] < 2 and answer is None,
        hours=1.0 + dice[6] % 30 + dice[7] / 256,
    )
