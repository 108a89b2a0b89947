"""Which sending accounts of a workspace can send, read from all pages of the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, field

from ..._json_codec import Json, JsonObject
from ...catalog.codes import ACCOUNT_STATUS, WARMUP_STATUS
from ...protocol.calls.call import Call
from ..results import CallRefusedError
from .context import FeatureContext
from .paging import read_pages
from .reply_values import as_list

MAX_PAGES = 200
"""A limit of 20,000 accounts, for a list whose cursors never end."""

MAX_TAGGED = 10
"""Most pages of 100 accounts that are read for tags."""

MAX_ACCOUNTS_SHOWN = 100
MAX_REASONS_SHOWN = 10


@define
class Senders:
    """The accounts read so far, by lower-case address."""

    accounts: dict[str, JsonObject] = field(factory=dict)

    def missing(self, wanted: Sequence[str]) -> list[str]:
        """Return the addresses that are not among the accounts."""
        return [address for address in wanted if address.lower() not in self.accounts]

    def eligible(self, wanted: Sequence[str] | None = None) -> list[JsonObject]:
        """Return the accounts that can send, highest warm-up score first.

        :param wanted: known addresses to choose from, instead of all.
        """
        able = [self.accounts[key] for key in self._keys(wanted)]
        able = [each for each in able if not obstacle(each)]
        return sorted(able, key=_score, reverse=True)

    def obstacles(self, wanted: Sequence[str] | None = None) -> Mapping[str, str]:
        """Return why accounts cannot send, by address."""
        found = {}
        for key in self._keys(wanted):
            why = obstacle(self.accounts[key])
            if why:
                found[str(self.accounts[key]["email"])] = why
        return found

    def _keys(self, wanted: Sequence[str] | None) -> list[str]:
        if wanted is None:
            return list(self.accounts)
        return list(dict.fromkeys(address.lower() for address in wanted))


def _score(account: JsonObject) -> float:
    score = account.get("stat_warmup_score")
    return score if isinstance(score, int | float) else 0


def obstacle(account: JsonObject) -> str:
    """Return why an account cannot send, or an empty string if it can.

    Warm-up does not matter: an account can send when its warm-up is finished or off.
    """
    if account.get("setup_pending"):
        return "its setup is not finished"
    status = account.get("status")
    if status == 1:
        return ""
    if isinstance(status, int):
        return f"its status is {ACCOUNT_STATUS.get(status, status)}"
    return "its status is unknown"


async def find_senders(
    context: FeatureContext, call: Call, wanted: Sequence[str] | None = None
) -> Senders:
    """Read the accounts page by page, until all wanted ones are found.

    :param wanted: the addresses to find; by default read all pages.
    :raises ApiError: when a page cannot be read: without senders nothing is created.
    """
    senders, cursor = Senders(), None
    for number in range(1, MAX_PAGES + 1):
        given: dict[str, Json] = {"limit": 100}
        if cursor is not None:
            given["starting_after"] = cursor
        reply = await context.fetch("listAccount", given, call)
        items = senders_in(reply)
        for account in items:
            senders.accounts[account["email"].lower()] = account
        call.progress(number, message=f"Read {len(senders.accounts)} sending accounts")
        following = reply.get("next_starting_after")
        if not items or not following or following == cursor:
            break
        if wanted is not None and not senders.missing(wanted):
            break
        cursor = following
    return senders


def senders_in(reply: JsonObject) -> list[JsonObject]:
    """Return the accounts of a page; an item without an address cannot send."""
    return [
        each
        for each in as_list(reply.get("items"))
        if isinstance(each, dict) and isinstance(each.get("email"), str)
    ]


async def require_senders(
    context: FeatureContext, call: Call, wanted: Sequence[str]
) -> list[JsonObject]:
    """Return the accounts with these addresses, each once.

    :raises CallRefusedError: when an address is not an account, or cannot send.
    """
    senders = await find_senders(context, call, wanted)
    unknown = senders.missing(wanted)
    if unknown:
        raise CallRefusedError(
            "unknown_sender",
            "These addresses are not sending accounts of the workspace: "
            + ", ".join(unknown[:MAX_REASONS_SHOWN]),
            "Use addresses that list_accounts shows.",
            unknown=unknown[:MAX_ACCOUNTS_SHOWN],
        )
    obstacles = senders.obstacles(wanted)
    if obstacles:
        raise CallRefusedError(
            "sender_not_able",
            f"{len(obstacles)} of the accounts cannot send.",
            "Remove them, or fix them first (resume_account, test_account_vitals).",
            obstacles=dict(list(obstacles.items())[:MAX_ACCOUNTS_SHOWN]),
        )
    unique = dict.fromkeys(address.lower() for address in wanted)
    return [senders.accounts[key] for key in unique]


async def require_tagged_senders(
    context: FeatureContext, call: Call, tags: Sequence[str]
) -> list[JsonObject]:
    """Return the accounts that have one of these tags, of the first thousand.

    :param tags: ids of tags.
    :raises CallRefusedError: when none of them can send.
    """
    given = {"tag_ids": ",".join(tags)}
    accounts, _ = await read_pages(
        context.fetch, "listAccount", given, call, most=MAX_TAGGED
    )
    if all(obstacle(account) for account in accounts):
        raise CallRefusedError(
            "no_senders",
            f"None of the {len(accounts)} accounts with these tags can send.",
            "Use tags of accounts that can send (list_accounts with tag_ids).",
        )
    return accounts


async def offer_choice(context: FeatureContext, call: Call) -> JsonObject:
    """Return the accounts to choose from.

    :raises CallRefusedError: when no account can send.
    """
    senders = await find_senders(context, call)
    able = senders.eligible()
    if not able:
        obstacles = dict(list(senders.obstacles().items())[:MAX_REASONS_SHOWN])
        raise CallRefusedError(
            "no_senders",
            f"None of the workspace's {len(senders.accounts)} accounts can send.",
            "Connect a mailbox, or fix one of the accounts listed.",
            obstacles=obstacles,
        )
    return {
        "stage": "account_selection_required",
        "message": "Nothing was created. Choose the sending accounts.",
        "eligible_accounts": [
            _summary(account) for account in able[:MAX_ACCOUNTS_SHOWN]
        ],
        "eligible_count": len(able),
        "other_accounts": len(senders.accounts) - len(able),
        "next": "Call create_campaign again with email_list.",
    }


def _summary(account: JsonObject) -> JsonObject:
    status = account.get("warmup_status")
    return {
        "email": account["email"],
        "daily_limit": account.get("daily_limit"),
        "warmup": WARMUP_STATUS.get(status, "unknown")
        if isinstance(status, int)
        else "unknown",
        "warmup_score": account.get("stat_warmup_score"),
    }
