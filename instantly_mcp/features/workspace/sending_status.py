"""get_campaign_sending_status: why a campaign does not send, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping

from ..._json_codec import Json, JsonObject

MEANINGS: Mapping[str, str] = {
    "campaign_paused": "It is paused; activate_campaign resumes it.",
    "campaign_draft": "It is a draft; activate_campaign starts it.",
    "campaign_completed": "Every lead got the whole sequence; add leads.",
    "campaign_running_subsequences": "Only its subsequences are still sending.",
    "campaign_bounce_protect": "Too many bounces stopped it; clean the leads first.",
    "campaign_accounts_unhealthy": "Its sending accounts have errors.",
    "campaign_account_suspended": "The Instantly account is suspended.",
    "out_of_schedule": "It is outside its sending window now.",
    "waiting_for_leads": "No lead is due; add leads or wait for the next step.",
    "daily_limit_met": "The campaign's daily limit is used up; it continues tomorrow.",
    "account_daily_limit_met": "Its accounts have used up their daily limits.",
    "new_lead_limit_met": "The daily limit of new leads is used up.",
    "all_accounts_unhealthy": "None of its accounts can send; see list_accounts.",
    "waiting_for_esp_match": "It waits for a sender that matches the lead's provider.",
    "domain_limit_reached": "The limit for mails to one company is reached.",
    "follow_up_delay_not_met": "The next follow-ups are not due yet.",
    "no_accounts_available": "It has no sending accounts; set email_list.",
    "healthy": "It is sending normally.",
}


def _half(facts: JsonObject, name: str) -> JsonObject:
    half = facts.get(name)
    return half if isinstance(half, dict) else {}


def sending_status(reply: Json, given: JsonObject) -> JsonObject:
    """Merge the two parts of the reply, either of which may be null."""
    facts = reply if isinstance(reply, dict) else {}
    diagnostics = _half(facts, "diagnostics")
    summary = _half(facts, "summary")
    status = diagnostics.get("status") or summary.get("status")
    result: dict[str, Json] = {
        "campaign_id": given["id"],
        "status": status or "unknown",
        "healthy": status == "healthy",
        "meaning": MEANINGS.get(
            str(status),
            summary.get("status_message") or "Instantly has no diagnosis for it yet.",
        ),
    }
    if summary:
        result["summary"] = summary
    if diagnostics:
        result["diagnostics"] = diagnostics
    return result
