"""Check of the copy's variables against the leads.

Instantly sends an empty text for a variable that a lead does not have, and compares
names exactly: ``{{firstname}}`` is not ``{{firstName}}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from ...._json_codec import Json, JsonObject
from ...untrusted.marking import quoted_name
from ..campaigns.sequences import steps_of, variants_in
from .check import MAX_EXAMPLES, Check
from .survey import CampaignSurvey
from .variables import LEAD_FIELDS, is_of_the_sender, variables_in

FIX_VARIABLES = (
    "Correct the copy with update_campaign (subject and body of the first mail, or "
    "steps), write a fallback such as {{firstName|there}}, or give the leads a value."
)
MAX_NAMES = 40
"""Most names of variables that a check lists: they come with the leads."""

MAX_NAME_CHARACTERS = 60


def variables_check(survey: CampaignSurvey) -> Check:
    """Compare the variables in the copy with the fields of the leads in the sample.

    It fails for a variable that no lead has, unless it has a fallback, or leads beyond
    the sample may have it because the campaign knows its name.
    """
    used = used_variables(survey.campaign)
    total = len(survey.leads)
    filled = {
        name: sum(has_value(lead, name) for lead in survey.leads)
        for name, has_fallback in used.items()
        if not has_fallback
    }
    gaps = {name: count for name, count in filled.items() if count < total}
    if not gaps:
        says = "Each is filled, or has a fallback." if used else "The copy uses none."
        return Check("variables", "ok", says, {"used": sorted(used)})
    facts: dict[str, Json] = {
        "filled": {
            name: f"{count}/{total}"
            for name, count in list(gaps.items())[:MAX_EXAMPLES]
        },
        "leads_have": dict(list(_names_of(survey.leads).items())[:MAX_NAMES]),
    }
    elsewhere = set() if survey.all_leads_read else _known_to(survey.campaign)
    unknown = [name for name, count in gaps.items() if not count]
    unknown = [name for name in unknown if name not in elsewhere]
    if unknown:
        says = _sentence(unknown[:MAX_EXAMPLES], [*facts["leads_have"]])
        used_in = steps_with_variables(survey.campaign)
        facts["used_in_steps"] = {n: used_in[n] for n in unknown[:MAX_EXAMPLES]}
        return Check("variables", "fail", says, facts, FIX_VARIABLES)
    says = "Some leads lack " + ", ".join(list(gaps)[:MAX_EXAMPLES]) + "."
    return Check("variables", "warn", says, facts)


def used_variables(campaign: JsonObject) -> Mapping[str, bool]:
    """Return the lead variables in the copy, and whether each has a fallback."""
    used: dict[str, bool] = {}
    for _, name, fallback in _uses(campaign):
        used[name] = used.get(name, True) and fallback
    return used


def steps_with_variables(campaign: JsonObject) -> Mapping[str, list[int]]:
    """Return the numbers of the steps that use each lead variable."""
    found: dict[str, list[int]] = {}
    for number, name, _ in _uses(campaign):
        numbers = found.setdefault(name, [])
        if number not in numbers:
            numbers.append(number)
    return found


def _uses(campaign: JsonObject) -> Iterator[tuple[int, str, bool]]:
    """Yield each use of a lead variable: step, name, whether it has a fallback."""
    for number, step in enumerate(steps_of(campaign), 1):
        for variant in variants_in(step):
            for part in ("subject", "body"):
                for name, fallback in variables_in(str(variant.get(part) or "")):
                    if not is_of_the_sender(name):
                        yield number, name, fallback


def has_value(lead: JsonObject, name: str) -> bool:
    """Return whether a lead has a value for a variable."""
    return value_of(lead, name) is not None


def value_of(lead: JsonObject, name: str) -> str | None:
    """Return what a lead says for a variable, ``None`` if it has none."""
    payload = lead.get("payload")
    if isinstance(payload, dict) and _is_text(payload.get(name)):
        return str(payload[name])
    value = lead.get(LEAD_FIELDS.get(name, ""))
    return str(value) if _is_text(value) else None


def nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the known variable that was probably meant.

    Case, ``_``, ``-`` and spaces do not count: ``frist_name`` is near ``firstName``.
    """
    plain = {_plain(each): each for each in reversed(known)}
    found = get_close_matches(_plain(name), list(plain), n=1, cutoff=0.7)
    return plain[found[0]] if found else None


def _sentence(unknown: Sequence[str], known: Sequence[str]) -> str:
    meant = []
    for name in unknown:
        near = nearest(name, known)
        if near is not None:
            shown = quoted_name(near)
            several = len(unknown) > 1
            meant.append(f"{shown} for {quoted_name(name)}" if several else shown)
    says = "No lead has " + ", ".join(map(quoted_name, unknown)) + "."
    return f"{says} Did you mean {', '.join(meant)}?" if meant else says


def _names_of(leads: Sequence[JsonObject]) -> dict[str, int]:
    """Return how many leads have each variable that any has: the built-in first."""
    own = {name: sum(has_value(lead, name) for lead in leads) for name in LEAD_FIELDS}
    found = {name: count for name, count in own.items() if count}
    for lead in leads:
        payload = lead.get("payload")
        for name, value in payload.items() if isinstance(payload, dict) else ():
            shown = str(name)[:MAX_NAME_CHARACTERS]
            if shown not in own and _is_text(value):
                found[shown] = found.get(shown, 0) + 1
    return found


def _known_to(campaign: JsonObject) -> frozenset[str]:
    """Return the custom variables that the campaign got with any of its leads."""
    known = campaign.get("custom_variables")
    return frozenset(map(str, known)) if isinstance(known, dict | list) else frozenset()


def _plain(name: str) -> str:
    return "".join(each for each in name.lower() if each not in "_- ")


def _is_text(value: Json) -> bool:
    return value is not None and bool(str(value).strip())
