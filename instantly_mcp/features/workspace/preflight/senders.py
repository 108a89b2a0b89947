"""Checks of the senders: status, warm-up score, tracking domain and volume."""

from __future__ import annotations

from collections.abc import Iterator

from ...._json_codec import JsonObject
from ..senders import obstacle
from .check import MAX_EXAMPLES, Check
from .survey import CampaignSurvey

FIX_CHOICE = "Choose sending accounts with update_campaign (email_list)."
FIX_ACCOUNTS = (
    "Repair the accounts named here (test_account_vitals, resume_account), or choose "
    "others with update_campaign (email_list)."
)
FIX_LIMIT = (
    "Raise daily_limit with update_campaign, or that of the accounts with "
    "update_account."
)

HEALTHY_SCORE = 80
"""The lowest warm-up score (of 100) without a warning."""

MAX_MAILBOX_MAILS_A_DAY = 50


def sender_checks(survey: CampaignSurvey) -> Iterator[Check]:
    """Yield the checks of the senders."""
    if not survey.found.has("senders"):
        yield Check("senders", "unknown", "The accounts could not be read.")
        return
    if not survey.wanted and not survey.campaign.get("email_tag_list"):
        says = "The campaign has no sending accounts."
        yield Check("senders", "fail", says, fix=FIX_CHOICE)
        return
    able = [account for account in survey.senders if not obstacle(account)]
    yield _able(survey, able)
    if able:
        yield _health(able)
        yield _tracking(survey, able)
        yield _volume(survey, able)


def _able(survey: CampaignSurvey, able: list[JsonObject]) -> Check:
    known = {str(account.get("email")).lower() for account in survey.senders}
    obstacles = {
        str(account.get("email")): obstacle(account)
        for account in survey.senders
        if obstacle(account)
    }
    missing = [each for each in survey.wanted if each.lower() not in known]
    where = "workspace's" if survey.all_senders_read else "first 1,000"
    obstacles |= dict.fromkeys(missing, f"it was not found among the {where} accounts")
    facts: JsonObject = {
        "able": len(able),
        "not_able": len(obstacles),
        "obstacles": dict(list(obstacles.items())[:MAX_EXAMPLES]),
    }
    if not able and missing and not survey.all_senders_read:
        says = "Its senders are not among the first 1,000 accounts, which were checked."
        return Check("senders", "unknown", says, facts)
    if not able:
        says = "None of its senders can send."
        return Check("senders", "fail", says, facts, FIX_ACCOUNTS)
    if obstacles:
        says = f"{len(able)} can send, {len(obstacles)} cannot."
        return Check("senders", "warn", says, facts)
    return Check("senders", "ok", f"All {len(able)} can send.", {"able": len(able)})


def _health(able: list[JsonObject]) -> Check:
    scores = {str(each.get("email")): each.get("stat_warmup_score") for each in able}
    low = {
        email: score
        for email, score in scores.items()
        if isinstance(score, int | float) and score < HEALTHY_SCORE
    }
    unknown = sum(not isinstance(score, int | float) for score in scores.values())
    facts = {"below_80": dict(sorted(low.items(), key=lambda e: e[1])[:MAX_EXAMPLES])}
    if low:
        says = f"{len(low)} of {len(able)} have a warm-up score below {HEALTHY_SCORE}."
        return Check("sender health", "warn", says, facts)
    if unknown:
        says = f"{unknown} of {len(able)} have no warm-up score yet."
        return Check("sender health", "warn", says, {"without_score": unknown})
    return Check("sender health", "ok", f"Every score is {HEALTHY_SCORE} or better.")


def _tracking(survey: CampaignSurvey, able: list[JsonObject]) -> Check:
    name = "tracking domain"
    tracked = [
        what for what in ("open_tracking", "link_tracking") if survey.campaign.get(what)
    ]
    if not tracked:
        return Check(name, "ok", "Not needed: opens and links are not tracked.")
    without = [str(a.get("email")) for a in able if not a.get("tracking_domain_name")]
    if without:
        says = f"{len(without)} senders track without their own domain."
        return Check(name, "warn", says, {"without": without[:MAX_EXAMPLES]})
    return Check(name, "ok", "Every sender has one.", {"tracked": tracked})


def _volume(survey: CampaignSurvey, able: list[JsonObject]) -> Check:
    """Compute how many mails can be sent in a day, and how long the first ones take."""
    limits = [each.get("daily_limit") for each in able]
    known = [limit for limit in limits if isinstance(limit, int | float)]
    own = survey.campaign.get("daily_limit")
    both = [sum(known)] if known else []
    both += [own] if isinstance(own, int | float) else []
    if not both:
        return Check("volume", "unknown", "Neither campaign nor senders have limits.")
    a_day = min(both)
    ramping = sum(bool(each.get("enable_slow_ramp")) for each in able)
    facts: dict[str, object] = {
        "mails_a_day": a_day,
        "campaign_limit": own,
        "senders_limit": sum(known) if known else None,
        "senders_on_slow_ramp": ramping,
    }
    count = survey.leads_count
    if count and a_day:
        facts["days_for_first_mails"] = -(-count // int(a_day))
    heavy = [limit for limit in known if limit > MAX_MAILBOX_MAILS_A_DAY]
    if not a_day:
        says = "A daily limit of 0 sends nothing."
        return Check("volume", "fail", says, facts, FIX_LIMIT)
    if heavy:
        most = MAX_MAILBOX_MAILS_A_DAY
        says = f"{len(heavy)} mailboxes may send more than {most} a day."
        return Check("volume", "warn", says, facts)
    return Check("volume", "ok", f"Up to {a_day:g} mails a day.", facts)
