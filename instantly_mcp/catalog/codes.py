"""The API's numeric codes and constants, and their names.

One table per field, from code to name. It defines the values that an operation
accepts, the labels in results, and the names that tools accept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Codes: TypeAlias = Mapping[int, str]

ACCOUNT_STATUS: Codes = {
    1: "active",
    2: "paused",
    3: "maintenance",
    -1: "connection_error",
    -2: "soft_bounce_error",
    -3: "sending_error",
}
"""The API ends status 3, a pause for maintenance, by itself."""

PROVIDER: Codes = {
    1: "imap_smtp",
    2: "google",
    3: "microsoft",
    4: "aws",
    8: "airmail",
    11: "airmail_instant",
}

WARMUP_STATUS: Codes = {
    0: "paused",
    1: "active",
    -1: "banned",
    -2: "spam_folder_unknown",
    -3: "permanent_suspension",
}

CAMPAIGN_STATUS: Codes = {
    0: "draft",
    1: "active",
    2: "paused",
    3: "completed",
    4: "running_subsequences",
    -1: "accounts_unhealthy",
    -2: "bounce_protect",
    -99: "account_suspended",
}

NOT_SENDING: Codes = {
    1: "out_of_schedule",
    2: "waiting_for_lead",
    3: "campaign_daily_limit_met",
    4: "account_daily_limits_met",
    99: "error",
}

LEAD_STATUS: Codes = {
    1: "active",
    2: "paused",
    3: "completed",
    -1: "bounced",
    -2: "unsubscribed",
    -3: "skipped",
}

INTEREST: Codes = {
    0: "out_of_office",
    1: "interested",
    2: "meeting_booked",
    3: "meeting_completed",
    4: "won",
    -1: "not_interested",
    -2: "wrong_person",
    -3: "lost",
    -4: "no_show",
}
"""Workspaces can add more numbers with lead labels."""

LEAD_VERIFICATION: Codes = {
    1: "verified",
    11: "pending",
    12: "pending_job",
    -1: "invalid",
    -2: "risky",
    -3: "catch_all",
    -4: "job_change",
}

ENRICHMENT: Codes = {1: "enriched", 11: "pending", -1: "not_available", -2: "error"}

ESP: Codes = {
    0: "in_queue",
    1: "google",
    2: "microsoft",
    3: "zoho",
    8: "airmail",
    9: "yahoo",
    10: "yandex",
    12: "web_de",
    13: "libero",
    999: "other",
    1000: "not_found",
}

EMAIL_KIND: Codes = {1: "campaign", 2: "received", 3: "sent", 4: "scheduled"}

ESG: Codes = {
    0: "in_queue",
    1: "barracuda",
    2: "mimecast",
    3: "proofpoint",
    4: "cisco",
}

ESG_FILTERS = (*map(str, ESG), "all", "none")

ACCOUNT_FILTERS = (
    "ACC_FILTER_PAUSED",
    "ACC_FILTER_ERROR",
    "ACC_FILTER_NO_CTD",
    "ACC_FILTER_PW_ACCOUNTS",
    "ACC_FILTER_DFY",
    "ACC_FILTER_DFY_SETUP_PENDING",
    "ACC_FILTER_W_ACTIVE",
    "ACC_FILTER_W_PAUSED",
    "ACC_FILTER_W_ERROR",
)

LEAD_FILTERS = (
    "FILTER_VAL_CONTACTED",
    "FILTER_VAL_NOT_CONTACTED",
    "FILTER_VAL_COMPLETED",
    "FILTER_VAL_UNSUBSCRIBED",
    "FILTER_VAL_ACTIVE",
    "FILTER_LEAD_INTERESTED",
    "FILTER_LEAD_NOT_INTERESTED",
    "FILTER_LEAD_MEETING_BOOKED",
    "FILTER_LEAD_MEETING_COMPLETED",
    "FILTER_LEAD_CLOSED",
    "FILTER_LEAD_OUT_OF_OFFICE",
    "FILTER_LEAD_WRONG_PERSON",
    "FILTER_LEAD_LOST",
    "FILTER_LEAD_NO_SHOW",
    "FILTER_LEAD_CUSTOM_LABEL_POSITIVE",
    "FILTER_LEAD_CUSTOM_LABEL_NEGATIVE",
    "FILTER_VAL_BOUNCED",
    "FILTER_VAL_SKIPPED",
    "FILTER_VAL_RISKY",
    "FILTER_VAL_INVALID",
    "FILTER_VAL_VALID",
    "FILTER_VAL_IN_SUBSEQUENCE",
    "FILTER_VAL_OPENED_NO_REPLY",
    "FILTER_VAL_COMPLETED_NO_REPLY",
    "FILTER_VAL_NO_OPENS",
    "FILTER_VAL_REPLIED",
    "FILTER_VAL_LINK_CLICKED",
)
"""The values of ``filter`` for lists of leads; the API's schema says only string."""

JOB_STATUSES = (
    "pending",
    "in-progress",
    "success",
    "failed",
    "draining",
    "paused",
    "cancelled",
)

JOB_TYPES = (
    "move-leads",
    "import-leads",
    "export-leads",
    "update-warmup-accounts",
    "rename-variable",
    "broadcast-ai-generate",
    "broadcast-website-scrape",
    "import-subscribers-from-crm",
    "resync-subscriber-crm-tags",
)

JOB_ENTITIES = (
    "list",
    "campaign",
    "workspace",
    "broadcast",
    "subscriber-group-sync",
    "subscriber-group",
)
