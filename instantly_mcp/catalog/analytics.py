"""Analytics of campaigns and warm-up."""

from __future__ import annotations

from . import replies
from .codes import CAMPAIGN_STATUS
from .fragments import (
    BOOLEAN,
    STRING,
    in_body,
    in_query,
    list_of,
    one_of,
    scopes,
)
from .operation import READ, Operation

OPERATIONS = (
    Operation(
        id="getCampaignAnalytics",
        reply=replies.TOTALS,
        method="GET",
        path="/api/v2/campaigns/analytics",
        summary="Return the totals of one, several or all campaigns",
        effect=READ,
        scopes=scopes("campaigns", "read"),
        parameters=(
            in_query("id"),
            in_query("ids", list_of(STRING)),
            in_query("start_date"),
            in_query("end_date"),
            in_query("exclude_total_leads_count", BOOLEAN),
        ),
        first_byte_seconds=60.0,
    ),
    Operation(
        id="getDailyCampaignAnalytics",
        reply=replies.DAYS,
        method="GET",
        path="/api/v2/campaigns/analytics/daily",
        summary="Count sending and replies day by day",
        effect=READ,
        scopes=scopes("campaigns", "read"),
        parameters=(
            in_query("campaign_id"),
            in_query("start_date"),
            in_query("end_date"),
            in_query("campaign_status", one_of(CAMPAIGN_STATUS, "number")),
        ),
        first_byte_seconds=60.0,
    ),
    Operation(
        id="getWarmupAnalytics",
        reply=replies.WARMUP_DAYS,
        method="POST",
        path="/api/v2/accounts/warmup-analytics",
        summary="Count warm-up mail of up to 100 accounts",
        effect=READ,
        scopes=scopes("accounts", "read"),
        parameters=(
            in_body("emails", list_of(STRING, minItems=1, maxItems=100), required=True),
        ),
        first_byte_seconds=60.0,
    ),
)
