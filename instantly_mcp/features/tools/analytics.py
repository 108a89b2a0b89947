"""Tools for analytics."""

from __future__ import annotations

from ..._json_codec import Json, JsonObject
from ...catalog.codes import CAMPAIGN_STATUS
from ...protocol.calls.call import Call
from ..results import CallRefusedError
from ..workspace.analytics import DAY_DEFINITIONS, DEFINITIONS, rows, totals
from ..workspace.context import FeatureContext
from ..workspace.conversions import end_of_day
from ..workspace.dates import moments_in_order
from ..workspace.labels import names_and_codes, to_code
from ..workspace.names import ACCOUNTS, CAMPAIGNS
from .arguments.shared import ID, TEXT, list_of, reference
from .declaring.argument import argument
from .declaring.declaration import ToolDeclaration
from .declaring.hints import READ_ONLY
from .workflows.report_all_workspaces import report_all_workspaces

MAX_ACCOUNTS = 100
START = argument("start_date", description="YYYY-MM-DD")
END = argument("end_date", description="inclusive", convert=end_of_day)
STATUS = argument(
    "campaign_status",
    schema=names_and_codes(CAMPAIGN_STATUS),
    convert=to_code(CAMPAIGN_STATUS),
)


async def campaign_analytics(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Read the totals of one campaign (``id``), several (``ids``), or all.

    :raises CallRefusedError: when both are given, or the dates are not in order.
    """
    moments_in_order(given.get("start_date"), given.get("end_date"))
    one, several = given.get("id"), given.get("ids")
    if one and several:
        raise CallRefusedError(
            "bad_argument",
            "Both campaign_id and campaign_ids were given.",
            "Give one of them, or neither for all campaigns.",
        )
    reply = await context.execute("getCampaignAnalytics", given, call)
    result = {**totals(reply, given), "definitions": DEFINITIONS}
    found = [row.get("campaign_id") for row in result["rows"]]
    wanted = several or ([one] if one else [])
    missing = [id for id in wanted if id not in found]
    return {**result, "without_data": missing} if missing else result


async def daily_analytics(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Read the numbers for each day.

    :raises CallRefusedError: when the dates are not in order.
    """
    moments_in_order(given.get("start_date"), given.get("end_date"))
    reply = await context.execute("getDailyCampaignAnalytics", given, call)
    return {**rows(reply, given), "definitions": DAY_DEFINITIONS}


async def warmup_analytics(
    context: FeatureContext, given: JsonObject, call: Call
) -> Json:
    """Read the warm-up numbers of one or several accounts.

    :raises CallRefusedError: when no account is given.
    """
    emails = list(given.get("emails") or ())
    if given.get("email"):
        emails.append(given["email"])
    if not emails:
        raise CallRefusedError(
            "bad_argument",
            "No account was given.",
            "Give email or emails (up to 100 addresses).",
        )
    asked = {"emails": list(dict.fromkeys(each.strip() for each in emails))}
    if len(asked["emails"]) > MAX_ACCOUNTS:
        raise CallRefusedError(
            "bad_argument",
            f"{len(asked['emails'])} accounts are too many at once.",
            f"Give at most {MAX_ACCOUNTS}, email included.",
        )
    reply = await context.execute("getWarmupAnalytics", asked, call)
    return reply if isinstance(reply, dict) else {"result": reply}


TOOLS = (
    ToolDeclaration(
        name="get_campaign_analytics",
        title="Campaign analytics",
        description=(
            "Statistics: how campaigns (sequences) perform. Totals of one, several or "
            "(without ids) all: sent, opens, clicks, replies, bounces, opportunities, "
            "rates. Prefer one call for all to one for each."
        ),
        toolset="analytics",
        hints=READ_ONLY,
        operation="getCampaignAnalytics",
        work=campaign_analytics,
        arguments=(
            reference("campaign_id", CAMPAIGNS, to="id"),
            argument(
                "campaign_ids",
                to="ids",
                schema={"type": "array", "items": ID, "minItems": 1},
                refers_to=CAMPAIGNS,
            ),
            START,
            END,
            argument("exclude_total_leads_count", description="faster"),
        ),
        output={"rows": list_of(campaign_id=TEXT)},
    ),
    ToolDeclaration(
        name="get_daily_campaign_analytics",
        title="Daily analytics",
        description="Mails sent and replies day by day, for one campaign or all.",
        toolset="analytics",
        hints=READ_ONLY,
        operation="getDailyCampaignAnalytics",
        arguments=(
            reference("campaign_id", CAMPAIGNS),
            START,
            END,
            STATUS,
        ),
        work=daily_analytics,
        output={"rows": list_of(date=TEXT)},
    ),
    ToolDeclaration(
        name="report_all_workspaces",
        title="All workspaces",
        description=(
            "Totals of all campaigns for each workspace (client) and over all: sent, "
            "opens, replies, bounces, opportunities, rates. Says which workspaces are "
            "missing, and why."
        ),
        toolset="analytics",
        hints=READ_ONLY,
        operation="getCampaignAnalytics",
        across=True,
        arguments=(
            argument(
                "workspaces",
                schema={"type": "array", "items": TEXT, "minItems": 1},
                description="default all",
            ),
            START,
            END,
        ),
        work=report_all_workspaces,
    ),
    ToolDeclaration(
        name="get_warmup_analytics",
        title="Warm-up analytics",
        description=(
            "Warm-up mail sent, received, in inbox and in spam, and the health score, "
            "of up to 100 accounts. The range of days is fixed."
        ),
        toolset="analytics",
        hints=READ_ONLY,
        operation="getWarmupAnalytics",
        work=warmup_analytics,
        arguments=(
            argument("email", schema=TEXT, refers_to=ACCOUNTS),
            argument(
                "emails",
                schema={"type": "array", "items": TEXT, "maxItems": MAX_ACCOUNTS},
                refers_to=ACCOUNTS,
            ),
        ),
    ),
)
