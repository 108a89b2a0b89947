"""Checks of the leads: they exist, are verified, and fill the copy's variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ...._json_codec import Json, JsonObject
from ....catalog.codes import LEAD_VERIFICATION
from ..list_scorecard import MAX_INVALID_SHARE, MAX_RISKY_SHARE
from .check import Check
from .personalization import variables_check
from .survey import CampaignSurvey

FIX_LEADS = "Add leads with add_leads_to_campaign_or_list_bulk (campaign_id)."


def audience_checks(survey: CampaignSurvey) -> Iterator[Check]:
    """Yield the checks of the leads."""
    if not survey.found.has("leads"):
        yield Check("leads", "unknown", "The leads could not be read.")
        return
    yield _count(survey)
    if survey.leads:
        yield _verification(survey.leads)
        yield variables_check(survey)


def _count(survey: CampaignSurvey) -> Check:
    count = survey.leads_count
    if count == 0:
        return Check("leads", "fail", "The campaign has no leads.", fix=FIX_LEADS)
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
        return Check("verification", "warn", says, facts)
    if risky > MAX_RISKY_SHARE:
        says = f"{risky:.0%} of those checked are risky or catch-all."
        return Check("verification", "warn", says, facts)
    if unsure > 0:
        says = f"{unsure:.0%} of those checked are not verified."
        return Check("verification", "warn", says, facts)
    return Check("verification", "ok", "All that were checked are verified.", facts)
