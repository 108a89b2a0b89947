"""How a lead reacts to mail, decided by the seed and its address.

The first word of an address can choose the behavior: ``bounce.anyone@example.com``
bounces, ``reply.anyone@…`` replies with interest, ``decline.…`` replies without,
``ooo.…`` replies that it is out of office, ``unsubscribe.…`` unsubscribes and
``quiet.…`` does nothing. All other leads follow rates that are usual for cold e-mail.
"""

from __future__ import annotations

from .ids import chances
from .records import QUIET, Answer, Fate, Lead

_WISHES = {
    "bounce": Fate(bounces=True),
    "reply": Fate(opens=1, answer=Answer.INTERESTED, hours=1.0),
    "decline": Fate(opens=1, answer=Answer.NOT_INTERESTED, hours=1.0),
    "ooo": Fate(answer=Answer.OUT_OF_OFFICE, hours=0.1),
    "unsubscribe": Fate(opens=1, leaves=True, hours=1.0),
    "quiet": QUIET,
}
_ANSWERS = (
    (3, Answer.INTERESTED),
    (4, Answer.MEETING),
    (8, Answer.NOT_INTERESTED),
    (9, Answer.WRONG_PERSON),
    (13, Answer.OUT_OF_OFFICE),
)
"""Thresholds out of 256: about one lead in twenty replies."""


def fate_of(lead: Lead, seed: str) -> Fate:
    """Return the lead's behavior, deciding it at the first call."""
    if lead.fate is None:
        email = str(lead.shown.get("email") or lead.id)
        wish = _WISHES.get(email.partition("@")[0].partition(".")[0].lower())
        lead.fate = wish or natural_fate(chances(seed, email))
    return lead.fate


def natural_fate(dice: bytes) -> Fate:
    """Return an ordinary behavior for 16 random bytes."""
    answer = next((found for limit, found in _ANSWERS if dice[0] < limit), None)
    return Fate(
        bounces=dice[1] < 4 and answer is None,
        opens=1 + dice[2] % 2 if dice[2] < 110 or answer is not None else 0,
        clicks=dice[3] < 20 and dice[2] < 110,
        answer=answer,
        answer_step=dice[4] % 2,
        leaves=dice[5] < 2 and answer is None,
        hours=1.0 + dice[6] % 30 + dice[7] / 256,
    )
