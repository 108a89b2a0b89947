"""How leads are shown."""

from __future__ import annotations

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

LEAD_SUMMARY = labelled(
    LEAD_CODES,
    drop=frozenset(
        {"payload", "status_summary", "status_summary_subseq", "organization"}
    ),
)
