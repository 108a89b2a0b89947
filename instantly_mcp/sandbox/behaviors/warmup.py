"""Warm-up: enable and disable it in a job, and read its numbers by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..._json_codec import JsonObject
from ..call import Behavior, OperationCall
from ..errors import bad_request
from ..ids import chances
from ..jobs import start_job
from ..records import Account, Shown
from ..timeline import DAY, read_moment, written_day
from ..world import World
from .accounts import account_named, chosen

DAYS_SHOWN = 30
FIRST_SCORE = 60


def enable_warmup(world: World, call: OperationCall) -> Shown:
    """``POST /accounts/warmup/enable``."""
    return _switch(world, call.body, 1)


def disable_warmup(world: World, call: OperationCall) -> Shown:
    """``POST /accounts/warmup/disable``."""
    return _switch(world, call.body, 0)


def warmup_analytics(world: World, call: OperationCall) -> Shown:
    """``POST /accounts/warmup-analytics``: the totals are the sums of the days."""
    by_day: Shown = {}
    totals: Shown = {}
    for email in call.body["emails"]:
        account = account_named(world, email)
        days = _days(world, account)
        by_day[account.email] = days
        totals[account.email] = _total(account, list(days.values()))
    return {"email_date_data": by_day, "aggregate_data": totals}


def _switch(world: World, wanted: JsonObject, status: int) -> Shown:
    emails = [email.lower() for email in wanted.get("emails") or ()]
    if not emails and not wanted.get("include_all_emails"):
        raise bad_request("Either emails or include_all_emails must be given")
    if wanted.get("include_all_emails"):
        emails = _all_but(world, wanted)

    def finish() -> Shown:
        known = [world.accounts[email] for email in emails if email in world.accounts]
        for account in known:
            _set(world, account.shown, status)
        return {"success_count": len(known), "failed_count": len(emails) - len(known)}

    entity = ("workspace", world.id)
    job = start_job(world, "update-warmup-accounts", entity, len(emails), finish)
    return job.shown


def _all_but(world: World, wanted: JsonObject) -> list[str]:
    clause = wanted.get("filter") or {}
    filters = {"search": wanted.get("search"), "filter": clause.get("filter")}
    filters["tag_ids"] = clause.get("tag_id")
    excluded = {email.lower() for email in wanted.get("excluded_emails") or ()}
    found = chosen(world, filters)
    return [account.email for account in found if account.email not in excluded]


def _set(world: World, shown: Shown, status: int) -> None:
    if status == 1 and shown["warmup_status"] != 1:
        shown["timestamp_warmup_start"] = world.stamp()
        shown["stat_warmup_score"] = shown.get("stat_warmup_score") or FIRST_SCORE
    shown["warmup_status"] = status
    shown["timestamp_updated"] = world.stamp()


def _days(world: World, account: Account) -> Shown:
    begun = account.shown.get("timestamp_warmup_start")
    if not begun:
        return {}
    limit = int(account.shown["warmup"].get("limit") or 0)
    found: Shown = {}
    first = max(read_moment(begun), world.now - DAYS_SHOWN * DAY)
    for ahead in range(int((world.now - first) // DAY) + 1):
        day = written_day(first + ahead * DAY)
        dice = chances(world.seed, f"warmup {account.email} {day}")
        sent = limit - dice[0] % 4 if limit > 4 else limit
        spam = sent * (dice[1] % 12) // 100
        found[day] = {
            "sent": sent,
            "landed_inbox": sent - spam,
            "landed_spam": spam,
            "received": max(0, sent - dice[2] % 3),
        }
    return found


def _total(account: Account, days: Sequence[Shown]) -> Shown:
    names = ("sent", "received", "landed_inbox", "landed_spam")
    total: Shown = {name: sum(day[name] for day in days) for name in names}
    sent = total["sent"]
    score = round(100 * total["landed_inbox"] / sent) if sent else 0
    return {**total, "health_score_label": f"{score}%", "health_score": score}


BEHAVIORS: Mapping[str, Behavior] = {
    "enableWarmupForAccounts": enable_warmup,
    "disableWarmupForAccounts": disable_warmup,
    "getWarmupAnalytics": warmup_analytics,
}
