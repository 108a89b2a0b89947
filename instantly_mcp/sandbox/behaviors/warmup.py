"""Warm-up: enable and disable it in a job, and read its numbers by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from ..._json_codec import JsonObject
from ..call import Behavior, OperationCall
from ..errors import bad_request
from ..ids import random_bytes
from ..jobs import start_job
from ..records import Account, ApiObject, WarmupStatus
from ..timeline import DAY, format_day, parse_time
from ..world import World
from .accounts import find_account, select_accounts

MAX_ANALYTICS_DAYS = 30
FIRST_SCORE = 60


def enable_warmup(world: World, call: OperationCall) -> ApiObject:
    """``POST /accounts/warmup/enable``."""
    return _switch(world, call.body, WarmupStatus.ACTIVE)


def disable_warmup(world: World, call: OperationCall) -> ApiObject:
    """``POST /accounts/warmup/disable``."""
    return _switch(world, call.body, WarmupStatus.PAUSED)


def warmup_analytics(world: World, call: OperationCall) -> ApiObject:
    """``POST /accounts/warmup-analytics``: the totals are the sums of the days."""
    by_day: ApiObject = {}
    totals: ApiObject = {}
    for email in call.body["emails"]:
        account = find_account(world, email)
        days = _days(world, account)
        by_day[account.email] = days
        totals[account.email] = _total(account, list(days.values()))
    return {"email_date_data": by_day, "aggregate_data": totals}


def _switch(world: World, wanted: JsonObject, status: int) -> ApiObject:
    emails = [email.lower() for email in wanted.get("emails") or ()]
    if not emails and not wanted.get("include_all_emails"):
        raise bad_request("Either emails or include_all_emails must be given")
    if wanted.get("include_all_emails"):
        emails = _all_but(world, wanted)
    entity = ("workspace", world.id)
    finish = partial(_finish, world, emails, status)
    job = start_job(world, "update-warmup-accounts", entity, len(emails), finish)
    return job.shown


def _finish(world: World, emails: Sequence[str], status: int) -> ApiObject:
    known = [world.accounts[email] for email in emails if email in world.accounts]
    for account in known:
        _set(world, account.shown, status)
    return {"success_count": len(known), "failed_count": len(emails) - len(known)}


def _all_but(world: World, wanted: JsonObject) -> list[str]:
    clause = wanted.get("filter") or {}
    filters = {"search": wanted.get("search"), "filter": clause.get("filter")}
    filters["tag_ids"] = clause.get("tag_id")
    excluded = {email.lower() for email in wanted.get("excluded_emails") or ()}
    found = select_accounts(world, filters)
    return [account.email for account in found if account.email not in excluded]


def _set(world: World, shown: ApiObject, status: int) -> None:
    active = WarmupStatus.ACTIVE
    if status == active and shown["warmup_status"] != active:
        shown["timestamp_warmup_start"] = world.timestamp()
        shown["stat_warmup_score"] = shown.get("stat_warmup_score") or FIRST_SCORE
    shown["warmup_status"] = status
    shown["timestamp_updated"] = world.timestamp()


def _days(world: World, account: Account) -> ApiObject:
    begun = account.shown.get("timestamp_warmup_start")
    if not begun:
        return {}
    limit = int(account.shown["warmup"].get("limit") or 0)
    found: ApiObject = {}
    first = max(parse_time(begun), world.now - MAX_ANALYTICS_DAYS * DAY)
    for ahead in range(int((world.now - first) // DAY) + 1):
        day = format_day(first + ahead * DAY)
        random = random_bytes(world.seed, f"warmup {account.email} {day}")
        sent = limit - random[0] % 4 if limit > 4 else limit
        spam = sent * (random[1] % 12) // 100
        found[day] = {
            "sent": sent,
            "landed_inbox": sent - spam,
            "landed_spam": spam,
            "received": max(0, sent - random[2] % 3),
        }
    return found


def _total(account: Account, days: Sequence[ApiObject]) -> ApiObject:
    names = ("sent", "received", "landed_inbox", "landed_spam")
    total: ApiObject = {name: sum(day[name] for day in days) for name in names}
    sent = total["sent"]
    score = round(100 * total["landed_inbox"] / sent) if sent else 0
    return {**total, "health_score_label": f"{score}%", "health_score": score}


BEHAVIORS: Mapping[str, Behavior] = {
    "enableWarmupForAccounts": enable_warmup,
    "disableWarmupForAccounts": disable_warmup,
    "getWarmupAnalytics": warmup_analytics,
}
