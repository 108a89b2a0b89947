"""Tools for numbers."""

from __future__ import annotations

from ..._json_codec import Json, JsonObject
from ...catalog.codes import CAMPAIGN_STATUS
from ...protocol.calls.call import Call
from ..bench import Bench
from ..days import moments_in_order
from ..declaration import ID, Declared, argument
from ..hints import READS
from ..labels import labelled, names_and_codes, to_code
from ..results import Refusal
from ..values import end_of_day
from .shared import ROWS_OUTPUT

_row = labelled({"campaign_status": CAMPAIGN_STATUS})
TEXT = {"type": "string"}
MOST = 100
START = argument("start_date", says="YYYY-MM-DD")
END = argument("end_date", says="inclusive", convert=end_of_day)


def rate(part: Json, whole: Json) -> float | None:
    """Return a share, or nothing when there is nothing to share."""
    if not isinstance(part, int | float) or not isinstance(whole, int | float):
        return None
    return round(part / whole, 4) if whole else None


def with_rates(row: JsonObject) -> JsonObject:
    """Add the rates as the vendor defines them; automatic replies do not count."""
    contacted = row.get("new_leads_contacted_count")
    sent = row.get("emails_sent_count")
    rates = {
        "reply_rate": rate(row.get("reply_count_unique"), contacted),
        "open_rate": rate(row.get("open_count_unique"), contacted),
        "bounce_rate": rate(row.get("bounced_count"), sent),
    }
    known = {name: value for name, value in rates.items() if value is not None}
    return {**_row(row), "rates": known}


def objects_of(reply: Json) -> list[JsonObject]:
    """Return the objects of a reply that should be a plain list of them."""
    listed = reply if isinstance(reply, list) else [reply]
    return [each for each in listed if isinstance(each, dict) and each]


def rows(reply: Json, given: JsonObject) -> JsonObject:
    """Return a plain list as rows, with the range that was asked for."""
    result: dict[str, Json] = {"rows": [_row(row) for row in objects_of(reply)]}
    asked = {n: given[n] for n in ("start_date", "end_date") if given.get(n)}
    if asked:
        result["range"] = asked
    return result


def totals(reply: Json, given: JsonObject) -> JsonObject:
    """Return one row for each campaign, with rates."""
    result = rows(reply, given)
    return {**result, "rows": [with_rates(row) for row in objects_of(reply)]}


async def campaign_analytics(bench: Bench, given: JsonObject, call: Call) -> Json:
    """Read the totals of one campaign by ``id``, of several by ``ids``."""
    moments_in_order(given.get("start_date"), given.get("end_date"))
    asked = dict(given)
    several = asked.pop("ids", None)
    if several and asked.get("id"):
        raise Refusal(
            "bad_argument",
            "Both campaign_id and campaign_ids were given.",
            "Give one of them, or neither for all campaigns.",
        )
    if several:
        asked["ids"] = several
    reply = await bench.execute("getCampaignAnalytics", asked, call)
    result = totals(reply, asked)
    found = [row.get("campaign_id") for row in result["rows"]]
    wanted = several or ([asked["id"]] if asked.get("id") else [])
    missing = [id for id in wanted if id not in found]
    return {**result, "without_data": missing} if missing else result


async def daily_analytics(bench: Bench, given: JsonObject, call: Call) -> Json:
    """Read the numbers of each day."""
    moments_in_order(given.get("start_date"), given.get("end_date"))
    return rows(await bench.execute("getDailyCampaignAnalytics", given, call), given)


async def warmup_analytics(bench: Bench, given: JsonObject, call: Call) -> Json:
    """Read warm-up numbers of one or of several accounts."""
    emails = list(given.get("emails") or ())
    if given.get("email"):
        emails.append(given["email"])
    if not emails:
        raise Refusal(
            "bad_argument",
            "No account was named.",
            "Give email or emails (up to 100 addresses).",
        )
    asked = {"emails": list(dict.fromkeys(each.strip() for each in emails))}
    if len(asked["emails"]) > MOST:
        raise Refusal(
            "bad_argument",
            f"{len(asked['emails'])} accounts are too many at once.",
            f"Give at most {MOST}, email included.",
        )
    reply = await bench.execute("getWarmupAnalytics", asked, call)
    return reply if isinstance(reply, dict) else {"result": reply}


TOOLS = (
    Declared(
        name="get_campaign_analytics",
        title="Get campaign analytics",
        description=(
            "Totals of one, several or (without ids) all campaigns: sent, opens, "
            "replies, bounces, opportunities, and rates. One call for all beats one "
            "for each."
        ),
        toolset="analytics",
        hints=READS,
        operation="getCampaignAnalytics",
        work=campaign_analytics,
        arguments=(
            argument("campaign_id", to="id", schema=ID),
            argument(
                "campaign_ids",
                to="ids",
                schema={"type": "array", "items": ID, "minItems": 1},
            ),
            START,
            END,
            argument("exclude_total_leads_count", says="faster"),
        ),
        output=ROWS_OUTPUT,
    ),
    Declared(
        name="get_daily_campaign_analytics",
        title="Get daily campaign analytics",
        description="Sending and replies day by day, for one campaign or all.",
        toolset="analytics",
        hints=READS,
        operation="getDailyCampaignAnalytics",
        arguments=(
            argument("campaign_id", schema=ID),
            START,
            END,
            argument(
                "campaign_status",
                schema=names_and_codes(CAMPAIGN_STATUS),
                convert=to_code(CAMPAIGN_STATUS),
            ),
        ),
        work=daily_analytics,
        output=ROWS_OUTPUT,
    ),
    Declared(
        name="get_warmup_analytics",
        title="Get warm-up analytics",
        description=(
            "Warm-up mail sent, received, in inbox and in spam, and the health score, "
            "of up to 100 accounts. The range of days is fixed."
        ),
        toolset="analytics",
        hints=READS,
        operation="getWarmupAnalytics",
        work=warmup_analytics,
        arguments=(
            argument("email", schema=TEXT),
            argument(
                "emails", schema={"type": "array", "items": TEXT, "maxItems": MOST}
            ),
        ),
    ),
)
