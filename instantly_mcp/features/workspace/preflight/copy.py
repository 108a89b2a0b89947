"""Checks of the copy: it exists, is short, and does not read like spam."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...._json_codec import JsonObject
from ...untrusted.cleaning import MAX_READ_CHARACTERS
from ..campaigns.sequences import steps_of, variants_in
from ..mail.text import read_html
from .check import MAX_EXAMPLES, Check
from .survey import CampaignSurvey

FIX = "Write the copy of each step with update_campaign (steps)."
LONG_BODY_WORDS = 150
LONG_SUBJECT_CHARACTERS = 60

SPAM_WORDS = re.compile(
    r"\b(?:100% free|act now|apply now|as seen on|best price|buy now|buy direct|"
    r"call now|cash bonus|cheap|click (?:here|below)|congratulations|credit card|"
    r"dear friend|discount|double your|earn (?:money|extra|cash)|exclusive deal|"
    r"extra income|fast cash|for free|free (?:access|gift|money|trial|quote)|"
    r"guaranteed?|increase (?:sales|traffic)|limited time|lowest price|make money|"
    r"million dollars|money back|no (?:cost|obligation|strings attached)|"
    r"once in a lifetime|order now|risk[- ]free|save big|special promotion|"
    r"this is not spam|urgent|while supplies last|winner|you have been selected)\b",
    re.IGNORECASE,
)
OPT_OUT_WORDS = ("unsubscrib", "opt out", "opt-out", "no longer wish")
_WORD = re.compile(r"\w+")


def copy_checks(survey: CampaignSurvey) -> Iterator[Check]:
    """Yield the checks of the copy."""
    steps = steps_of(survey.campaign)
    if not any(list(variants_in(step)) for step in steps):
        yield Check("copy", "fail", "The campaign has no copy.", fix=FIX)
        return
    broken, doubtful = [], []
    for number, step in enumerate(steps, 1):
        for letter, variant in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", variants_in(step)):  # noqa: B905
            where = f"step {number}{letter}"
            broken += [f"{where}: {what}" for what in _missing(number, variant)]
            doubtful += [f"{where}: {what}" for what in _doubts(number, variant)]
    found = [*broken, *doubtful]
    facts: JsonObject = {"steps": len(steps), "findings": found[: 2 * MAX_EXAMPLES]}
    if broken:
        says = f"{broken[0][0].upper()}{broken[0][1:]}."
        yield Check("copy", "fail", says, facts, FIX)
    elif doubtful:
        yield Check("copy", "warn", f"{len(doubtful)} findings.", facts)
    else:
        yield Check("copy", "ok", f"{len(steps)} steps, short and plain.")
    yield _opting_out(survey)


def _missing(number: int, variant: JsonObject) -> Iterator[str]:
    if not str(variant.get("body") or "").strip():
        yield "the body is empty"
    if number == 1 and not str(variant.get("subject") or "").strip():
        yield "the first mail has no subject"


def _doubts(number: int, variant: JsonObject) -> Iterator[str]:
    subject = str(variant.get("subject") or "").strip()
    text, links, images = read_html(
        str(variant.get("body") or "")[:MAX_READ_CHARACTERS]
    )
    words = len(_WORD.findall(text))
    if words > LONG_BODY_WORDS:
        yield f"{words} words; keep it under {LONG_BODY_WORDS}"
    if len(subject) > LONG_SUBJECT_CHARACTERS:
        yield f"the subject has {len(subject)} characters"
    if f"{subject}{text}".count("{{") > f"{subject}{text}".count("}}"):
        yield "the braces of a variable are not closed"
    if subject.isupper() and len(subject) > 3:
        yield "the subject is all capitals"
    if number > 1 and subject:
        yield "its subject starts a new thread; an empty one stays in the thread"
    if number == 1 and links:
        yield f"{links} links in the first mail"
    if images:
        yield f"{images} images"
    if text.count("!") + subject.count("!") > 2:
        yield "many exclamation marks"
    spam = sorted({each.lower() for each in SPAM_WORDS.findall(f"{subject}\n{text}")})
    if spam:
        yield "spam words: " + ", ".join(spam[:5])


def _opting_out(survey: CampaignSurvey) -> Check:
    bodies = " ".join(
        str(variant.get("body") or "")[:MAX_READ_CHARACTERS].lower()
        for step in steps_of(survey.campaign)
        for variant in variants_in(step)
    )
    by_words = any(words in bodies for words in OPT_OUT_WORDS)
    if survey.campaign.get("insert_unsubscribe_header") or by_words:
        return Check("opting out", "ok", "There is a way to unsubscribe.")
    says = "Neither copy nor header offers a way to unsubscribe."
    return Check("opting out", "warn", says)
