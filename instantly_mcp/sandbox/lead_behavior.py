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
    "reply": LeadBehavior(opens=1, reply=ReplyKind.INTERESTED, delay_hours=1.0),
    "decline": LeadBehavior(opens=1, reply=ReplyKind.NOT_INTERESTED, delay_hours=1.0),
    "ooo": LeadBehavior(reply=ReplyKind.OUT_OF_OFFICE, delay_hours=0.1),
    "unsubscribe": LeadBehavior(opens=1, unsubscribes=True, delay_hours=1.0),
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
    if lead.behavior is None:
        email = str(lead.shown.get("email") or lead.id)
        chosen = _BY_FIRST_WORD.get(email.partition("@")[0].partition(".")[0].lower())
        lead.behavior = chosen or random_behavior(random_bytes(seed, email))
    return lead.behavior


def random_behavior(random: bytes) -> LeadBehavior:
    """Return an ordinary behavior for 16 random bytes."""
    reply = next((found for limit, found in _REPLIES if random[0] < limit), None)
    return LeadBehavior(
        bounces=random[1] < 4 and reply is None,
        opens=1 + random[2] % 2 if random[2] < 110 or reply is not None else 0,
        clicks=random[3] < 20 and random[2] < 110,
        reply=reply,
        reply_step=random[4] % 2,
        unsubscribes=random[5] < 2 and reply is None,
        delay_hours=1.0 + random[6] % 30 + random[7] / 256,
    )
