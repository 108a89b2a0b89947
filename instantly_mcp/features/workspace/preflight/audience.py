"""Checks of the leads: they exist, are verified, and fill the variables of the copy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ...._json_codec import Json, JsonObject
from ....catalog.codes import LEAD_VERIFICATION
from ..list_scorecard import MAX_INVALID_SHARE, MAX_RISKY_SHARE
from ..sequences import steps_of, variants_in
from .check import MAX_EXAMPLES, Check
from .survey import CampaignSurvey
from .variables import LEAD_FIELDS, is_of_the_sender, variables_in


def audience_checks(survey: CampaignSurvey) -> Iterator[Check]:
    """Yield the checks of the leads."""
    if not survey.found.has("leads"):
        yield Check("leads", "unknown", "The leads could not be read.")
        return
    yield _count(survey)
    if survey.leads:
        yield _verification(survey.leads)
        yield _variables(survey)


def _count(survey: CampaignSurvey) -> Check:
    count = survey.leads_count
    if count == 0:
        return Check("leads", "fail", "The campaign has no leads.")
    without = sum(not lead.get("email") for lead in survey.leads)
    facts: dict[str, Json] = {"leads": count, "looked_at": len(survey.leads)}
    if without:
        facts["without_email"] = without
        says = f"{without} of the {len(survey.leads)} checked have no address."
        return Check("leads", "warn", says, facts)
    shown = "More than 100" if count is None else str(count)
    return Check("leads", "ok", f"{shown} leads.", facts)


def _verification(leads: Sequence[JsonObject]) -> Check:
    words = Counter(
        LEAD_VERIFICATION.get(lead.get("verification_status") or 0, "not_verified")
        for lead in leads
    )
    facts = {"looked_at": len(leads), **words}
    total = len(leads)
    invalid = words["invalid"] / total
    risky = (words["risky"] + words["catch_all"]) / total
    unsure = (words["not_verified"] + words["pending"] + words["pending_job"]) / total
    if invalid > MAX_INVALID_SHARE:
        says = f"{invalid:.0%} of those checked are invalid; they would bounce."
        return Check("verification", "fail", says, facts)
    if risky > MAX_RISKY_SHARE:
        says = f"{risky:.0%} of those checked are risky or catch-all."
        return Check("verification", "warn", says, facts)
    if unsure > 0:
        says = f"{unsure:.0%} of those checked are not verified."
        return Check("verification", "warn", says, facts)
    return Check("verification", "ok", "All that were checked are verified.", facts)


def _variables(survey: CampaignSurvey) -> Check:
    """Compare the variables in the copy with the fields of the leads."""
    used = used_variables(survey.campaign)
    total = len(survey.leads)
    gaps = {}
    for name, has_fallback in used.items():
        filled = sum(has_value(lead, name) for lead in survey.leads)
        if filled < total and not has_fallback:
            gaps[name] = f"{filled} of {total} leads"
    if not gaps:
        says = "Each is filled, or has a fallback." if used else "The copy uses none."
        return Check("variables", "ok", says, {"used": sorted(used)})
    unfilled = [name for name, share in gaps.items() if share.startswith("0 ")]
    facts: JsonObject = {"filled": dict(list(gaps.items())[:MAX_EXAMPLES])}
    if unfilled:
        says = "No lead has " + ", ".join(unfilled[:MAX_EXAMPLES]) + "."
        return Check("variables", "fail", says, facts)
    says = "Some leads lack " + ", ".join(list(gaps)[:MAX_EXAMPLES]) + "."
    return Check("variables", "warn", says, facts)


def used_variables(campaign: JsonObject) -> Mapping[str, bool]:
    """Return the lead variables in the copy, and whether each has a fallback."""
    used: dict[str, bool] = {}
    for step in steps_of(campaign):
        for variant in variants_in(step):
            for part in ("subject", "body"):
                for name, fallback in variables_in(str(variant.get(part) or "")):
                    if not is_of_the_sender(name):
                        used[name] = used.get(name, True) and fallback
    return used


def has_value(lead: JsonObject, name: str) -> bool:
    """Return whether a lead has a value for a variable."""
    payload = lead.get("payload")
    if isinstance(payload, dict) and _is_text(payload.get(name)):
        return True
    field = LEAD_FIELDS.get(name)
    return field is not None and _is_text(lead.get(field))


def _is_text(value: Json) -> bool:
    return value is not None and bool(str(value).strip())
