"""How leads are shown."""

from __future__ import annotations

from ...._json_codec import JsonObject
from ....catalog.codes import ENRICHMENT, ESP, INTEREST, LEAD_STATUS, LEAD_VERIFICATION
from ..labels import labelled

LEAD_CODES = {
    "status": LEAD_STATUS,
    "lt_interest_status": INTEREST,
    "verification_status": LEAD_VERIFICATION,
    "enrichment_status": ENRICHMENT,
    "esp_code": ESP,
}

LEAD_VIEW = labelled(LEAD_CODES)

WRITTEN_LEAD = labelled({"status": LEAD_STATUS, "lt_interest_status": INTEREST})
"""The view of a lead in the result of a write."""

SUMMARY_MEMBERS = (
    *("id", "email", "first_name", "last_name", "company_name", "job_title"),
    *("phone", "website", "status", "lt_interest_status", "verification_status"),
    *("enrichment_status", "campaign", "list_id", "assigned_to", "pl_value_lead"),
    *("timestamp_created", "timestamp_last_contact", "timestamp_last_reply"),
)
"""What a list shows of a lead; all else, such as personalization, is in `LEAD_VIEW`."""

SUMMARY_COUNTERS = ("email_open_count", "email_click_count", "email_reply_count")
"""What a list shows only if it is not 0."""


def lead_summary(lead: JsonObject) -> JsonObject:
    """Return a lead as lists show it: at most 240 tokens with long names."""
    kept = {name: lead[name] for name in SUMMARY_MEMBERS if name in lead}
    counted = {name: lead[name] for name in SUMMARY_COUNTERS if lead.get(name)}
    return LEAD_VIEW({**kept, **counted})
