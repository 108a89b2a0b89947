"""The replies of the catalog's operations: the members that this server uses."""

from __future__ import annotations

from .reply import MemberType, needing, numbers, one, page_of, rows

_TEXT, _NUMBER, _OBJECT = MemberType.TEXT, MemberType.NUMBER, MemberType.OBJECT

WRITTEN = one()
"""Any object: of the reply to a write only the success matters."""

CAMPAIGN = one(
    id=_TEXT,
    name=_TEXT,
    status=_NUMBER,
    daily_limit=_NUMBER,
    email_gap=_NUMBER,
    sequences=MemberType.OBJECTS,
    email_list=MemberType.TEXTS,
    email_tag_list=MemberType.TEXTS,
    campaign_schedule=_OBJECT,
)
CAMPAIGNS = page_of(
    id=_TEXT, status=_NUMBER, sequences=MemberType.OBJECTS, email_list=MemberType.TEXTS
)
ONE_CAMPAIGN = needing(CAMPAIGN, "id")
CREATED = needing(one(id=_TEXT), "id")

ACCOUNT = one(
    email=_TEXT,
    status=_NUMBER,
    warmup_status=_NUMBER,
    provider_code=_NUMBER,
    daily_limit=_NUMBER,
    stat_warmup_score=_NUMBER,
    setup_pending=MemberType.FLAG,
    timestamp_created=_TEXT,
)
ACCOUNTS = page_of(
    email=_TEXT,
    status=_NUMBER,
    stat_warmup_score=_NUMBER,
    setup_pending=MemberType.FLAG,
    timestamp_created=_TEXT,
)
ONE_ACCOUNT = needing(ACCOUNT, "email")
MAPPINGS = page_of(campaign_id=_TEXT, campaign_name=_TEXT, status=_NUMBER)
VITALS = one(
    status=_TEXT, success_list=MemberType.OBJECTS, failure_list=MemberType.OBJECTS
)

LEAD = one(
    id=_TEXT, email=_TEXT, status=_NUMBER, lt_interest_status=_NUMBER, payload=_OBJECT
)
LEADS = page_of(id=_TEXT, email=_TEXT, status=_NUMBER, payload=_OBJECT)
ONE_LEAD = needing(LEAD, "id")
ADDED = needing(
    one(
        **numbers(
            *("total_sent", "leads_uploaded", "in_blocklist", "duplicated_leads"),
            *("skipped_count", "invalid_email_count", "incomplete_count"),
            *("duplicate_email_count", "remaining_in_plan"),
        ),
        created_leads=MemberType.OBJECTS,
    ),
    "total_sent",
    "leads_uploaded",
)

LEAD_LIST = one(id=_TEXT, name=_TEXT, timestamp_created=_TEXT)
LEAD_LISTS = page_of(id=_TEXT, name=_TEXT, timestamp_created=_TEXT)
ONE_LEAD_LIST = needing(LEAD_LIST, "id")
LIST_STATS = needing(one(stats=MemberType.NUMBERS, total_leads=_NUMBER), "stats")

EMAIL = one(
    id=_TEXT,
    thread_id=_TEXT,
    subject=_TEXT,
    eaccount=_TEXT,
    from_address_email=_TEXT,
    to_address_email_list=_TEXT,
    lead=_TEXT,
    lead_id=_TEXT,
    campaign_id=_TEXT,
    ue_type=_NUMBER,
    body=_OBJECT,
)
EMAILS = page_of(
    id=_TEXT,
    thread_id=_TEXT,
    eaccount=_TEXT,
    from_address_email=_TEXT,
    ue_type=_NUMBER,
    body=_OBJECT,
)
ONE_EMAIL = needing(EMAIL, "id")
UNREAD = needing(one(count=_NUMBER), "count")

JOB = one(id=_TEXT, status=_TEXT, progress=_NUMBER)
JOBS = page_of(id=_TEXT, status=_TEXT, progress=_NUMBER)
ONE_JOB = needing(JOB, "id", "status")

VERIFICATION = needing(one(verification_status=_TEXT), "verification_status")

ENRICHMENT = needing(one(id=_TEXT), "id")
ENRICHMENT_STATUS = needing(
    one(
        resource_id=_TEXT,
        in_progress=MemberType.FLAG,
        enrichment_payload=_OBJECT,
    ),
    "resource_id",
)

TOTALS = rows(
    campaign_id=_TEXT,
    campaign_name=_TEXT,
    campaign_status=_NUMBER,
    **numbers(
        *("leads_count", "contacted_count", "emails_sent_count", "completed_count"),
        *("new_leads_contacted_count", "open_count_unique", "reply_count_unique"),
        *("bounced_count", "unsubscribed_count", "total_opportunities"),
        *("link_click_count_unique", "total_opportunity_value"),
    ),
)
DAYS = rows(
    date=_TEXT,
    **numbers(
        *("sent", "contacted", "new_leads_contacted", "opened", "unique_opened"),
        *("replies", "unique_replies", "clicks", "unique_clicks", "opportunities"),
    ),
)
WARMUP_DAYS = one(email_date_data=_OBJECT, aggregate_data=_OBJECT)
SENDING_STATUS = one(diagnostics=_OBJECT, summary=_OBJECT)

WORKSPACE = needing(one(id=_TEXT, name=_TEXT), "id")
PLANS = one(subscriptions=_OBJECT)
