"""Enrichments of the leads of a list or campaign, such as their verification.

Starting one costs credits for each lead; its status is free.
"""

from __future__ import annotations

from . import replies
from .fragments import NUMBER, STRING, body_of, in_path, list_of, one_of, record, scopes
from .operation import READ, WRITE, Amount, Operation, Risk

KINDS = (
    "work_email_enrichment",
    "fully_enriched_profile",
    "email_verification",
    "joblisting",
    "technologies",
    "news",
    "funding",
    "engagement_score",
    "ai_enrichment",
    "custom_flow",
)

MAX_LEADS = 50_000

_MAPPING = {"type": "object", "additionalProperties": STRING}
_ACTIONS = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": record({"mapping": _MAPPING}, "mapping"),
}

OPERATIONS = (
    Operation(
        id="createSuperSearchEnrichment",
        reply=replies.ENRICHMENT,
        method="POST",
        path="/api/v2/supersearch-enrichment/",
        summary="Start to enrich or verify the leads of a list or campaign for credits",
        effect=WRITE,
        risks={Risk.SPENDS},
        risks_of={"integration_actions": Risk.EGRESS},
        amounts={"credits": Amount(value_of="limit")},
        scopes=scopes("supersearch_enrichments", "create"),
        parameters=body_of(
            {
                "resource_id": STRING,
                "type": one_of(KINDS),
                "limit": {**NUMBER, "minimum": 1, "maximum": MAX_LEADS},
                "filters": list_of({"type": "object"}),
                "custom_flow": list_of(STRING),
                "integration_actions": {
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": _ACTIONS,
                },
            },
            "resource_id",
        ),
        first_byte_seconds=60.0,
    ),
    Operation(
        id="getEnrichmentForResource",
        reply=replies.ENRICHMENT_STATUS,
        method="GET",
        path="/api/v2/supersearch-enrichment/{resource_id}",
        summary="Read whether the leads of a list or campaign are being enriched",
        effect=READ,
        scopes=scopes("supersearch_enrichments", "read"),
        parameters=(in_path("resource_id"),),
    ),
)
