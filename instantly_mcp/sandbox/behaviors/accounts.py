"""Accounts: list, read, connect, change, pause, resume, delete, test."""

from __future__ import annotations

from collections.abc import Mapping

from ..._json_codec import JsonObject
from ..call import Behavior, OperationCall
from ..errors import SandboxError, bad_request, not_found
from ..paging import page_after_item, page_after_key
from ..records import Account, AccountStatus, ApiObject, Predicate, WarmupStatus
from ..timeline import parse_time
from ..world import World

HIDDEN_FIELDS = frozenset(
    f"{protocol}_{what}"
    for protocol in ("imap", "smtp")
    for what in ("username", "password", "host", "port")
) | {"skip_cname_check", "remove_tracking_domain", "warmup_custom_ftag"}
"""Fields that are accepted but never stored or shown."""

MAX_MAPPINGS = 100

FILTERS: Mapping[str, Predicate] = {
    "ACC_FILTER_PAUSED": lambda account: account["status"] == AccountStatus.PAUSED,
    "ACC_FILTER_ERROR": lambda account: account["status"] < 0,
    "ACC_FILTER_NO_CTD": lambda account: not account.get("tracking_domain_name"),
    "ACC_FILTER_PW_ACCOUNTS": lambda account: False,
    "ACC_FILTER_DFY": lambda account: bool(account["is_managed_account"]),
    "ACC_FILTER_DFY_SETUP_PENDING": lambda account: (
        bool(account["is_managed_account"]) and bool(account["setup_pending"])
    ),
    "ACC_FILTER_W_ACTIVE": lambda account: (
        account["warmup_status"] == WarmupStatus.ACTIVE
    ),
    "ACC_FILTER_W_PAUSED": lambda account: (
        account["warmup_status"] == WarmupStatus.PAUSED
    ),
    "ACC_FILTER_W_ERROR": lambda account: account["warmup_status"] < 0,
}


def find_account(world: World, email: str) -> Account:
    """Return an account.

    :raises SandboxError: 404 when the workspace has no account with that address.
    """
    account = world.accounts.get(email.lower())
    if account is None:
        raise not_found("Account")
    return account


def select_accounts(world: World, wanted: JsonObject) -> list[Account]:
    """Return the accounts that pass the filters, oldest first."""
    return [account for account in world.accounts.values() if _passes(account, wanted)]


def list_accounts(world: World, call: OperationCall) -> ApiObject:
    """``GET /accounts``: newest first, cursor ``timestamp&email``."""
    query = call.query
    found = select_accounts(world, query)
    shown = [
        _with_tags(each) if query.get("include_tags") else each.shown for each in found
    ]
    limit = query.get("limit")
    after = query.get("starting_after")
    if after is not None:
        after = _cursor(after)
    if "sort_by" in query:
        return _sorted_page(shown, query)
    # By the cursor, not by age: some were created in the same millisecond.
    shown.sort(key=_key, reverse=True)
    return page_after_key(shown, limit, after, _key, descending=True)


def get_account(world: World, call: OperationCall) -> ApiObject:
    """``GET /accounts/{email}``."""
    return find_account(world, call.path["email"]).shown


def create_account(world: World, call: OperationCall) -> ApiObject:
    """``POST /accounts``; mail hosts under ``.invalid`` cannot be reached."""
    given = call.body
    email = given["email"].lower()
    if email in world.accounts:
        raise bad_request("An account with this email already exists")
    for name in ("imap_host", "smtp_host"):
        if given[name].lower().endswith(".invalid"):
            raise bad_request(f"Could not connect to the {name[:4].upper()} server")
    stamp = world.timestamp()
    shown: ApiObject = {
        "email": email,
        "timestamp_created": stamp,
        "timestamp_updated": stamp,
        "organization": world.id,
        "added_by": world.user_id,
        "status": AccountStatus.ACTIVE,
        "warmup_status": WarmupStatus.PAUSED,
        "setup_pending": False,
        "is_managed_account": False,
        "stat_warmup_score": None,
        "timestamp_warmup_start": None,
        "daily_limit": 30,
        "sending_gap": 10,
        "enable_slow_ramp": False,
        "warmup": {"limit": 10, "increment": "disabled", "reply_rate": 30},
    }
    world.accounts[email] = Account(shown)
    _set_fields(shown, {name: given[name] for name in given if name != "email"})
    return shown


def patch_account(world: World, call: OperationCall) -> ApiObject:
    """``PATCH /accounts/{email}``; null resets a field."""
    shown = find_account(world, call.path["email"]).shown
    _set_fields(shown, call.body)
    shown["modified_by"] = world.user_id
    shown["timestamp_updated"] = world.timestamp()
    return shown


def campaigns_of_account(world: World, call: OperationCall) -> ApiObject:
    """``GET /account-campaign-mappings/{email}``: oldest first, the cursor is an id."""
    email = call.path["email"].lower()
    shown: list[ApiObject] = [
        {
            "campaign_id": campaign.id,
            "campaign_name": campaign.shown["name"],
            "timestamp_created": campaign.shown["timestamp_created"],
            "status": campaign.shown["status"],
        }
        for campaign in world.campaigns.values()
        if email in {each.lower() for each in campaign.shown.get("email_list") or ()}
    ]
    shown.sort(key=_by_campaign)
    limit = min(max(int(call.query.get("limit", MAX_MAPPINGS)), 1), MAX_MAPPINGS)
    after = call.query.get("starting_after")
    return page_after_key(shown, limit, after, _by_campaign)


def _by_campaign(mapping: ApiObject) -> str:
    return str(mapping["campaign_id"])


def delete_account(world: World, call: OperationCall) -> ApiObject:
    """``DELETE /accounts/{email}``, which also removes it from its campaigns."""
    account = find_account(world, call.path["email"])
    del world.accounts[account.email]
    for campaign in world.campaigns.values():
        senders = campaign.shown.get("email_list") or []
        campaign.shown["email_list"] = [
            email for email in senders if email.lower() != account.email
        ]
    return account.shown


def pause_account(world: World, call: OperationCall) -> ApiObject:
    """``POST /accounts/{email}/pause``."""
    paused = AccountStatus.PAUSED
    change = {AccountStatus.ACTIVE: paused, AccountStatus.MAINTENANCE: paused}
    return _set_status(world, call, change)


def resume_account(world: World, call: OperationCall) -> ApiObject:
    """``POST /accounts/{email}/resume``; it does not clear errors."""
    return _set_status(world, call, {AccountStatus.PAUSED: AccountStatus.ACTIVE})


def test_vitals(world: World, call: OperationCall) -> ApiObject:
    """``POST /accounts/test/vitals``; without accounts it tests nothing."""
    passed: list[ApiObject] = []
    failed: list[ApiObject] = []
    for email in call.body.get("accounts") or ():
        account = world.accounts.get(email.lower())
        good = account is not None and account.shown["status"] > 0
        result = {
            "domain": email.rpartition("@")[2].lower(),
            "allPass": good,
            "mx": account is not None,
            "spf": account is not None,
            "dkim": good,
            "dmarc": good,
        }
        (passed if good else failed).append(result)
    return {"status": "success", "success_list": passed, "failure_list": failed}


def _passes(account: Account, wanted: JsonObject) -> bool:
    shown = account.shown
    for name in ("status", "provider_code"):
        if name in wanted and shown[name] != wanted[name]:
            return False
    if wanted.get("search") and wanted["search"].lower() not in account.email:
        return False
    if wanted.get("filter") and not FILTERS[wanted["filter"]](shown):
        return False
    tags = {tag["id"] for tag in account.tags}
    if wanted.get("tag_ids") and not tags & set(wanted["tag_ids"].split(",")):
        return False
    every = wanted.get("tag_ids_all")
    return not every or set(every.split(",")) <= tags


def _with_tags(account: Account) -> ApiObject:
    return {**account.shown, "tags": list(account.tags)}


def _key(shown: ApiObject) -> str:
    return f"{shown['timestamp_created']}&{shown['email']}"


def _cursor(text: str) -> str:
    """Check a cursor; like the real API, fail with a 500 if it contains no time."""
    moment, _, _ = text.partition("&")
    try:
        parse_time(moment)
    except ValueError:
        raise SandboxError(500, "Something went wrong") from None
    return text


def _sorted_page(shown: list[ApiObject], query: JsonObject) -> ApiObject:
    column = query["sort_by"]
    descending = query.get("sort_order", "desc") == "desc"
    shown.sort(
        key=lambda each: (
            (each[column] is not None, each[column] or 0, each["email"])
            if column == "stat_warmup_score"
            else (each[column], each["email"])
        ),
        reverse=descending,
    )
    rest = shown[query.get("skip", 0) :]
    return page_after_item(rest, query.get("limit"), query.get("starting_after"), _key)


def _set_fields(shown: ApiObject, given: JsonObject) -> None:
    for name, value in given.items():
        if name == "warmup":
            shown["warmup"] = _merged(shown.get("warmup") or {}, value)
        elif name not in HIDDEN_FIELDS:
            shown[name] = value
    if given.get("remove_tracking_domain"):
        shown["tracking_domain_name"] = shown["tracking_domain_status"] = None


def _merged(before: JsonObject, given: JsonObject) -> ApiObject:
    advanced = {**before.get("advanced", {}), **given.get("advanced", {})}
    merged = {**before, **given}
    if advanced:
        merged["advanced"] = advanced
    return merged


def _set_status(
    world: World, call: OperationCall, change: Mapping[int, int]
) -> ApiObject:
    shown = find_account(world, call.path["email"]).shown
    shown["status"] = change.get(shown["status"], shown["status"])
    shown["timestamp_updated"] = world.timestamp()
    return shown


BEHAVIORS: Mapping[str, Behavior] = {
    "listAccount": list_accounts,
    "getAccount": get_account,
    "createAccount": create_account,
    "patchAccount": patch_account,
    "deleteAccount": delete_account,
    "getAccountCampaignMapping": campaigns_of_account,
    "pauseAccount": pause_account,
    "resumeAccount": resume_account,
    "testAccountVitals": test_vitals,
}
