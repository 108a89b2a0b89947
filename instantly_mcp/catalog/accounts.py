"""Sending accounts (mailboxes) and their warm-up."""

from __future__ import annotations

from . import replies
from .codes import ACCOUNT_FILTERS, ACCOUNT_STATUS, PROVIDER
from .fragments import (
    BOOLEAN,
    DELETES,
    EMAIL,
    NUMBER,
    OPTIONAL_BOOLEAN,
    OPTIONAL_NUMBER,
    OPTIONAL_STRING,
    PAGE,
    STRING,
    body_of,
    in_body,
    in_path,
    in_query,
    list_of,
    one_of,
    record,
    scopes,
)
from .operation import ONE, READ, WRITE, WRITE_AGAIN, Operation, Risk, Through

WARMUP = record(
    {
        "limit": NUMBER,
        "advanced": record(
            {
                "warm_ctd": BOOLEAN,
                "open_rate": NUMBER,
                "important_rate": NUMBER,
                "read_emulation": BOOLEAN,
                "spam_save_rate": NUMBER,
                "weekday_only": BOOLEAN,
            }
        ),
        "warmup_custom_ftag": STRING,
        "increment": one_of(("disabled", "0", "1", "2", "3", "4")),
        "reply_rate": NUMBER,
    }
)

SENDING_GAP = {"type": "number", "minimum": 0, "maximum": 1440}

SETTINGS = {
    "first_name": STRING,
    "last_name": STRING,
    "warmup": WARMUP,
    "daily_limit": OPTIONAL_NUMBER,
    "tracking_domain_name": OPTIONAL_STRING,
    "tracking_domain_status": OPTIONAL_STRING,
    "enable_slow_ramp": OPTIONAL_BOOLEAN,
    "inbox_placement_test_limit": {"type": ["number", "null"], "minimum": 0},
    "sending_gap": SENDING_GAP,
    "signature": OPTIONAL_STRING,
    "skip_cname_check": BOOLEAN,
}

CONNECTION = {
    "imap_username": STRING,
    "imap_password": STRING,
    "imap_host": STRING,
    "imap_port": NUMBER,
    "smtp_username": STRING,
    "smtp_password": STRING,
    "smtp_host": STRING,
    "smtp_port": NUMBER,
}

_WARMUP_SELECTION = body_of(
    {
        "emails": list_of(STRING, maxItems=100),
        "include_all_emails": BOOLEAN,
        "excluded_emails": list_of(STRING, maxItems=100),
        "filter": {
            "type": ["object", "null"],
            "properties": {
                "tag_id": STRING,
                "filter": {
                    "type": ["string", "null"],
                    "enum": (*ACCOUNT_FILTERS, None),
                },
            },
        },
        "search": STRING,
    }
)


_EMAIL_IN_PATH = in_path("email")

_MAILED = (
    *("daily_limit", "sending_gap", "enable_slow_ramp"),
    *("first_name", "last_name", "signature", "reply_to"),
    *("tracking_domain_name", "tracking_domain_status", "remove_tracking_domain"),
)
"""The settings of an account that change what a running campaign sends."""

OPERATIONS = (
    Operation(
        id="listAccount",
        reply=replies.ACCOUNTS,
        method="GET",
        path="/api/v2/accounts",
        summary="List the sending accounts, page by page",
        effect=READ,
        scopes=scopes("accounts", "read"),
        parameters=(
            *PAGE,
            in_query("search"),
            in_query("status", one_of(ACCOUNT_STATUS, "number")),
            in_query("provider_code", one_of(PROVIDER, "number")),
            in_query("tag_ids"),
            in_query("tag_ids_all"),
            in_query("include_tags", BOOLEAN),
            in_query("filter", one_of(ACCOUNT_FILTERS)),
            in_query(
                "sort_by",
                one_of(("timestamp_created", "email", "stat_warmup_score", "status")),
            ),
            in_query("sort_order", one_of(("asc", "desc"))),
            in_query("skip", {"type": "integer", "minimum": 0}),
        ),
        first_byte_seconds=60.0,
    ),
    Operation(
        id="getAccount",
        reply=replies.ONE_ACCOUNT,
        method="GET",
        path="/api/v2/accounts/{email}",
        summary="Read one sending account",
        effect=READ,
        scopes=scopes("accounts", "read"),
        parameters=(_EMAIL_IN_PATH,),
    ),
    Operation(
        id="createAccount",
        reply=replies.WRITTEN,
        method="POST",
        path="/api/v2/accounts",
        summary="Connect a mailbox over IMAP and SMTP",
        effect=WRITE,
        risks={Risk.REDIRECTS},
        scopes=scopes("accounts", "create"),
        parameters=body_of(
            {
                "email": EMAIL,
                **SETTINGS,
                "provider_code": one_of(PROVIDER, "number"),
                "reply_to": STRING,
                **CONNECTION,
                "warmup_custom_ftag": STRING,
            },
            "email",
            "first_name",
            "last_name",
            "provider_code",
            *CONNECTION,
        ),
    ),
    Operation(
        id="patchAccount",
        reply=replies.WRITTEN,
        method="PATCH",
        path="/api/v2/accounts/{email}",
        summary="Change the settings of a sending account",
        effect=WRITE_AGAIN,
        risks_of={
            "reply_to": Risk.REDIRECTS,
            "signature": Risk.REDIRECTS,
            "tracking_domain_name": Risk.REDIRECTS,
            "tracking_domain_status": Risk.REDIRECTS,
            "remove_tracking_domain": Risk.REDIRECTS,
        },
        emptied={
            *("reply_to", "signature"),
            *("tracking_domain_name", "tracking_domain_status"),
        },
        # How much it sends, how fast, what a mail says of its sender, and where answers
        # and clicks go.
        sends_if_active=Through("account", "email", by=_MAILED),
        scopes=scopes("accounts", "update"),
        parameters=(
            _EMAIL_IN_PATH,
            *body_of(
                {
                    **SETTINGS,
                    "reply_to": {"type": ["string", "null"], "format": "email"},
                    "remove_tracking_domain": BOOLEAN,
                }
            ),
        ),
    ),
    Operation(
        id="getAccountCampaignMapping",
        reply=replies.MAPPINGS,
        method="GET",
        path="/api/v2/account-campaign-mappings/{email}",
        summary="List the campaigns that an account sends for",
        effect=READ,
        scopes=scopes("account_campaign_mappings", "read"),
        parameters=(
            in_query("limit", NUMBER),
            in_query("starting_after"),
            in_path("email"),
        ),
    ),
    Operation(
        id="deleteAccount",
        reply=replies.WRITTEN,
        method="DELETE",
        path="/api/v2/accounts/{email}",
        summary="Remove a sending account permanently",
        effect=DELETES,
        risks={Risk.DESTRUCTIVE},
        amounts={"deletions": ONE},
        scopes=scopes("accounts", "delete"),
        parameters=(_EMAIL_IN_PATH,),
    ),
    Operation(
        id="pauseAccount",
        reply=replies.WRITTEN,
        method="POST",
        path="/api/v2/accounts/{email}/pause",
        summary="Stop a sending account from sending",
        effect=WRITE_AGAIN,
        stops=True,
        scopes=scopes("accounts", "update"),
        parameters=(_EMAIL_IN_PATH,),
    ),
    Operation(
        id="resumeAccount",
        reply=replies.WRITTEN,
        method="POST",
        path="/api/v2/accounts/{email}/resume",
        summary="Let a paused sending account send again",
        effect=WRITE_AGAIN,
        sends_if_active=Through("account", "email"),
        amounts={"activations": ONE},
        scopes=scopes("accounts", "update"),
        parameters=(_EMAIL_IN_PATH,),
    ),
    Operation(
        id="enableWarmupForAccounts",
        reply=replies.ONE_JOB,
        method="POST",
        path="/api/v2/accounts/warmup/enable",
        summary="Start a job that turns warm-up on",
        effect=WRITE_AGAIN,
        scopes=scopes("accounts", "update"),
        parameters=_WARMUP_SELECTION,
    ),
    Operation(
        id="disableWarmupForAccounts",
        reply=replies.ONE_JOB,
        method="POST",
        path="/api/v2/accounts/warmup/disable",
        summary="Start a job that turns warm-up off",
        effect=WRITE_AGAIN,
        stops=True,
        scopes=scopes("accounts", "update"),
        parameters=_WARMUP_SELECTION,
    ),
    Operation(
        id="testAccountVitals",
        reply=replies.VITALS,
        method="POST",
        path="/api/v2/accounts/test/vitals",
        summary="Check mailbox logins and the DNS records of their domains",
        effect=READ,
        scopes=scopes("accounts", "read"),
        parameters=(in_body("accounts", list_of(STRING)),),
        first_byte_seconds=60.0,
    ),
)
