"""The prompts weekly_report and client_report: a period compared with the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen
from twisted.internet.defer import Deferred

from ..._credential import Credential
from ..._json_codec import Json, JsonObject
from ...protocol.calls.call import Call, Caller
from ...protocol.wire.errors import invalid_params
from ..untrusted.marking import quoted_line
from ..workspace.analytics import (
    COUNTERS,
    DEFINITIONS,
    count_of,
    summed,
    with_rates,
)
from ..workspace.context import FeatureContext
from ..workspace.fetching import Gathered, gather
from ..workspace.names import CAMPAIGNS
from .period import Period, period_of
from .rendering import (
    ASK_FIRST,
    Given,
    as_json,
    id_named,
    message,
    not_known,
    numbered,
    percent,
    section,
)
from .steps import CLIENT, WEEK, steps_for

MAX_CAMPAIGNS = 20
MAX_ROWS = 25


@frozen(kw_only=True)
class PeriodNumbers:
    """The numbers of a period.

    :param rows: the campaigns with any activity, most mails first.
    :param totals: the sums of the rows, with rates.
    :param before: the sums of the period before, if they could be read.
    :param days: the numbers of each day, for one campaign or all.
    """

    period: Period
    rows: Sequence[JsonObject]
    totals: JsonObject
    before: JsonObject | None
    days: Sequence[JsonObject]
    found: Gathered


async def weekly_report(context: FeatureContext, given: Given, call: Call) -> str:
    """Write the numbers of some or all campaigns."""
    period = period_of(given.get("range") or "last_7_days", context.today())
    ids = await _campaign_ids(context, given.get("campaigns", ""), call)
    numbers = await _numbers(context, period, ids, call, {})
    return message(
        f"Write my report of cold mail for {period}, in UTC days.",
        _table(numbers),
        section("Day by day", as_json(_days(numbers))) if numbers.days else "",
        not_known(numbers.found.unknown()),
        section(
            "What to do",
            numbered(steps_for(context, call, WEEK)),
        ),
        ASK_FIRST,
    )


async def client_report(context: FeatureContext, given: Given, call: Call) -> str:
    """Write a workspace's numbers for the client who owns it."""
    period = period_of(given.get("range") or "last_30_days", context.today())
    acting = _as_workspace(call, given.get("workspace", "").strip())
    also = {"workspace": context.execute("getWorkspace", {}, acting)}
    numbers = await _numbers(context, period, [], acting, also)
    name = quoted_line(numbers.found.object("workspace").get("name")) or "the client"
    return message(
        f"Write the report for our client {name} on {period} (UTC days).",
        _table(numbers),
        not_known(numbers.found.unknown()),
        section(
            "What to do",
            numbered(steps_for(context, call, CLIENT)),
        ),
        ASK_FIRST,
    )


async def _campaign_ids(context: FeatureContext, text: str, call: Call) -> list[str]:
    if "," in text:
        # The name of one campaign may contain commas.
        whole = await context.names.find(CAMPAIGNS, text, call)
        if len(whole) == 1:
            return [*whole]
    names = [name.strip() for name in text.split(",") if name.strip()]
    if len(names) > MAX_CAMPAIGNS:
        raise invalid_params(f"Give at most {MAX_CAMPAIGNS} campaigns, or none for all")
    ids = [await id_named(context, CAMPAIGNS, name, call) for name in names]
    return list(dict.fromkeys(ids))


def _as_workspace(call: Call, workspace: str) -> Call:
    """Return a call that acts for a client's workspace, for agency keys.

    :raises ProtocolError: when the request's own header names another workspace.
    """
    own = call.credential
    if not workspace or workspace in ("current", own.workspace, own.workspace_name):
        return call
    if own.rights.token is not None:
        raise invalid_params("the connection token decides the workspace")
    if own.workspace is not None:
        raise invalid_params("workspace and the header x-as-workspace disagree")
    # Not attrs.evolve: a new object derives the principal from the workspace.
    acting = Credential(
        secret=own.secret,
        source=own.source,
        workspace=workspace,
        rights=own.rights,
    )
    caller = call.caller
    return Call(
        caller=Caller(revision=caller.revision, credential=acting, rights=caller.rights)
    )


async def _numbers(
    context: FeatureContext,
    period: Period,
    ids: Sequence[str],
    call: Call,
    also: Mapping[str, Deferred[Json]],
) -> PeriodNumbers:
    """Read the totals of both periods and the days concurrently."""
    chosen = {"ids": list(ids)} if ids else {}
    read = context.execute
    works = {
        **also,
        "totals": read("getCampaignAnalytics", {**chosen, **period.dates()}, call),
        "before": read(
            "getCampaignAnalytics", {**chosen, **period.before().dates()}, call
        ),
    }
    if len(ids) < 2:
        one = {"campaign_id": ids[0]} if ids else {}
        works["days"] = read(
            "getDailyCampaignAnalytics", {**one, **period.dates()}, call
        )
    found = await gather(works)
    if not found.has("totals"):
        raise found.failures["totals"]
    rows = sorted(
        filter(_has_activity, found.items("totals")),
        key=lambda row: -count_of(row, "emails_sent_count"),
    )
    before = found.items("before")
    return PeriodNumbers(
        period=period,
        rows=rows,
        totals=summed(rows),
        before=summed(before) if found.has("before") else None,
        days=found.items("days"),
        found=found,
    )


def _has_activity(row: JsonObject) -> bool:
    return any(count_of(row, name) for name in COUNTERS)


def _table(numbers: PeriodNumbers) -> str:
    if not numbers.rows:
        said = "- No mail was sent and no reply came in this period."
        return section("Known", said)
    total = f"Sum (campaigns: {len(numbers.rows)})"
    lines = [
        "| Campaign | Sent | New leads | Replies | Reply rate | Bounce rate | Opps |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        _line(total, numbers.totals),
    ]
    if numbers.before is not None:
        lines.append(_line(f"Before ({numbers.period.before()})", numbers.before))
    for row in numbers.rows[:MAX_ROWS]:
        lines.append(_line(quoted_line(row.get("campaign_name"), 60), with_rates(row)))
    rest = len(numbers.rows) - MAX_ROWS
    value = numbers.totals.get("total_opportunity_value")
    return section(
        "Known",
        *lines,
        f"{rest} smaller campaigns are included only in the sum." if rest > 0 else "",
        f"Value of opportunities: {value}." if value else "",
        "Definitions: "
        + "; ".join(f"{name} = {DEFINITIONS[name]}" for name in sorted(DEFINITIONS))
        + ".",
    )


def _line(name: str, row: JsonObject) -> str:
    rates = row.get("rates") or {}
    cells = [
        name,
        f"{count_of(row, 'emails_sent_count'):g}",
        f"{count_of(row, 'new_leads_contacted_count'):g}",
        f"{count_of(row, 'reply_count_unique'):g}",
        percent(rates.get("reply_rate")),
        percent(rates.get("bounce_rate")),
        f"{count_of(row, 'total_opportunities'):g}",
    ]
    return "| " + " | ".join(cells) + " |"


def _days(numbers: PeriodNumbers) -> list[JsonObject]:
    names = ("date", "sent", "new_leads_contacted", "unique_replies", "opportunities")
    return [
        {name: day[name] for name in names if name in day} for day in numbers.days[-31:]
    ]
