"""Calls of tools that change something, and what each of them is allowed to be.

The classes follow the specification, not the code: `SENDS` mail, `SPENDS` money, and so
on. A second column, `operation`, is what the simulated Instantly receives when the call
is let through.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from itertools import count

from attrs import field, frozen

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.sandbox.world import World

SENDS, SPENDS = "sends", "spends"
DESTRUCTIVE, REDIRECTS = "destructive", "redirects"

ACTIVE, DRAFT = "Q4 Fintech", "Healthcare pilots"
"""Campaigns of the simulated workspace: one that sends, and one that does not."""

_STATUS = {ACTIVE: 1, DRAFT: 0}
_numbers = count(1)


@frozen
class Attempt:
    """One call of a tool.

    :param operation: the write that Instantly receives if the call is let through.
    :param classes: the risk classes of the call.
    :param arguments: makes the arguments from the simulated workspace; no two calls
        have the same, so that none of them is taken for a repetition.
    :param stops: it pauses or stops something.
    """

    name: str
    tool: str
    operation: str
    classes: frozenset[str]
    arguments: Callable[[World, int], JsonObject]
    stops: bool = field(default=False, kw_only=True)

    def made(self, world: World) -> JsonObject:
        """Return arguments that no earlier call had.

        Earlier calls may have started or paused a campaign: its status is set back.
        """
        for campaign in world.campaigns.values():
            name = campaign.shown["name"]
            campaign.shown["status"] = _STATUS.get(name, campaign.shown["status"])
        world.accounts[_account(world)].shown["status"] = 1
        return self.arguments(world, next(_numbers))


def _campaign(world: World, name: str) -> str:
    return next(
        each.id for each in world.campaigns.values() if each.shown["name"] == name
    )


def _received(world: World) -> JsonObject:
    return next(mail for mail in world.emails.values() if mail["ue_type"] == 2)


def _reply(world: World, number: int, **more) -> JsonObject:
    return {
        "reply_to_uuid": _received(world)["id"],
        "subject": "Re: hello",
        "body": {"text": f"Thank you, {number}."},
        **more,
    }


def _account(world: World) -> str:
    return next(iter(world.accounts))


def _lead(world: World, number: int) -> str:
    leads = list(world.leads)
    return leads[number % len(leads)]


def _list(world: World) -> str:
    return next(iter(world.lists))


def _enriching_list(world: World) -> str:
    """Return a list that enriches each lead, which costs credits."""
    id = "0190a4f2-5d6a-7c13-8f00-000000000001"
    first = next(iter(world.lists.values()))
    enriching = {**first, "id": id, "name": "Enriched", "has_enrichment_task": True}
    world.lists.setdefault(id, enriching)
    return id


def _new_list(world: World, number: int) -> str:
    """Return a list that can be lost."""
    id = f"0190a4f2-5d6a-7c11-8f00-{number:012d}"
    world.lists[id] = {**next(iter(world.lists.values())), "id": id, "name": f"L{id}"}
    return id


def _new_campaign(world: World, number: int) -> str:
    """Return a campaign that can be lost."""
    draft = next(
        each for each in world.campaigns.values() if each.shown["name"] == DRAFT
    )
    id = f"0190a4f2-5d6a-7c12-8f00-{number:012d}"
    copy = deepcopy(draft)
    copy.shown |= {"id": id, "name": f"Draft {number}"}
    world.campaigns[id] = copy
    return id


def _new_account(world: World, number: int) -> str:
    """Return an account that can be lost."""
    email = f"spare{number}@hale.example.com"
    copy = deepcopy(world.accounts[_account(world)])
    copy.shown["email"] = email
    world.accounts[email] = copy
    return email


def _lead_of(world: World, name: str) -> str:
    campaign = _campaign(world, name)
    return next(
        id for id, lead in world.leads.items() if lead.shown.get("campaign") == campaign
    )


def _server(kind: str) -> JsonObject:
    return {
        f"{kind}_username": "someone",
        f"{kind}_password": "invented",
        f"{kind}_host": f"{kind}.example.com",
        f"{kind}_port": 993,
    }


def _new(number: int) -> str:
    return f"person{number}@example.org"


def _attempt(name, tool, operation, classes, arguments, **more) -> Attempt:
    return Attempt(name, tool, operation, frozenset(classes), arguments, **more)


ATTEMPTS = (
    _attempt("a reply", "reply_to_email", "replyToEmail", {SENDS}, _reply),
    _attempt(
        "a reply with a stranger in copy",
        "reply_to_email",
        "replyToEmail",
        {SENDS, REDIRECTS},
        lambda w, n: _reply(w, n, cc_address_email_list=f"x{n}@elsewhere.example"),
    ),
    _attempt(
        "a start",
        "activate_campaign",
        "activateCampaign",
        {SENDS},
        lambda w, n: {"campaign_id": _campaign(w, ACTIVE)},
    ),
    _attempt(
        "a new lead in an active campaign",
        "create_lead",
        "createLead",
        {SENDS},
        lambda w, n: {"campaign": _campaign(w, ACTIVE), "email": _new(n)},
    ),
    _attempt(
        "a new lead in a draft",
        "create_lead",
        "createLead",
        (),
        lambda w, n: {"campaign": _campaign(w, DRAFT), "email": _new(n)},
    ),
    _attempt(
        "new leads in an active campaign",
        "add_leads_to_campaign_or_list_bulk",
        "bulkAddLeads",
        {SENDS},
        lambda w, n: {
            "campaign_id": _campaign(w, ACTIVE),
            "leads": [{"email": _new(n)}],
        },
    ),
    _attempt(
        "new leads in a list",
        "add_leads_to_campaign_or_list_bulk",
        "bulkAddLeads",
        (),
        lambda w, n: {"list_id": _list(w), "leads": [{"email": _new(n)}]},
    ),
    _attempt(
        "other mail of an active campaign",
        "update_campaign",
        "patchCampaign",
        {SENDS},
        lambda w, n: {"campaign_id": _campaign(w, ACTIVE), "daily_limit": n},
    ),
    _attempt(
        "other mail of a draft",
        "update_campaign",
        "patchCampaign",
        (),
        lambda w, n: {"campaign_id": _campaign(w, DRAFT), "daily_limit": n},
    ),
    _attempt(
        "the end of a lead",
        "delete_lead",
        "deleteLead",
        {DESTRUCTIVE},
        lambda w, n: {"lead_id": _lead(w, n)},
    ),
    _attempt(
        "a verified address",
        "verify_email",
        "createEmailVerification",
        {SPENDS},
        lambda w, n: {"email": _new(n)},
    ),
    _attempt(
        "a new list",
        "create_lead_list",
        "createLeadList",
        (),
        lambda w, n: {"name": f"List {n}"},
    ),
    _attempt(
        "a stopped campaign",
        "pause_campaign",
        "pauseCampaign",
        (),
        lambda w, n: {"campaign_id": _campaign(w, ACTIVE)},
        stops=True,
    ),
    _attempt(
        "a started account, by an old name",
        "manage_account_state",
        "resumeAccount",
        {SENDS},
        lambda w, n: {"email": _account(w), "action": "resume"},
    ),
    _attempt(
        "a paused account",
        "pause_account",
        "pauseAccount",
        (),
        lambda w, n: {"email": _account(w)},
        stops=True,
    ),
    _attempt(
        "a campaign that copies to a stranger",
        "update_campaign",
        "patchCampaign",
        {REDIRECTS},
        lambda w, n: {
            "campaign_id": _campaign(w, DRAFT),
            "cc_list": [f"x{n}@elsewhere.example"],
        },
    ),
    _attempt(
        "the end of a list",
        "delete_lead_list",
        "deleteLeadList",
        {DESTRUCTIVE},
        lambda w, n: {"list_id": _new_list(w, n)},
    ),
    _attempt(
        "the end of a draft",
        "delete_campaign",
        "deleteCampaign",
        {DESTRUCTIVE},
        lambda w, n: {"campaign_id": _new_campaign(w, n)},
    ),
    _attempt(
        "the end of an account",
        "delete_account",
        "deleteAccount",
        {DESTRUCTIVE},
        lambda w, n: {"email": _new_account(w, n)},
    ),
    _attempt(
        "a new campaign",
        "create_campaign",
        "createCampaign",
        (),
        lambda w, n: {
            "name": f"Campaign {n}",
            "subject": "Hello",
            "body": "Good morning",
            "email_list": [_account(w)],
        },
    ),
    _attempt(
        "another name of a list",
        "update_lead_list",
        "patchLeadList",
        (),
        lambda w, n: {"list_id": _list(w), "name": f"Name {n}"},
    ),
    _attempt(
        "a thread marked as read",
        "mark_thread_as_read",
        "markThreadAsRead",
        (),
        lambda w, n: {"thread_id": _received(w)["thread_id"]},
    ),
    _attempt(
        "another name of a lead that is being mailed",
        "update_lead",
        "patchLead",
        {SENDS},
        lambda w, n: {"lead_id": _lead_of(w, ACTIVE), "first_name": f"Ada{n}"},
    ),
    _attempt(
        "another name of a lead that is not mailed",
        "update_lead",
        "patchLead",
        (),
        lambda w, n: {"lead_id": _lead_of(w, DRAFT), "first_name": f"Ada{n}"},
    ),
    _attempt(
        "a lead moved to an active campaign",
        "move_leads_to_campaign_or_list",
        "moveLeads",
        {SENDS},
        lambda w, n: {
            "campaign": _campaign(w, DRAFT),
            "ids": [_lead_of(w, DRAFT)],
            "to_campaign_id": _campaign(w, ACTIVE),
            "copy_leads": True,
            "wait_seconds": 40,
        },
    ),
    _attempt(
        "a new account",
        "create_account",
        "createAccount",
        {REDIRECTS},
        lambda w, n: {
            "email": f"sender{n}@hale.example.com",
            "first_name": "S",
            "last_name": "T",
            "provider_code": 1,
            **_server("imap"),
            **_server("smtp"),
        },
    ),
    _attempt(
        "another limit of an account that sends",
        "update_account",
        "patchAccount",
        {SENDS},
        lambda w, n: {"email": _account(w), "daily_limit": 20 + n % 10},
    ),
    _attempt(
        "another warm-up of an account",
        "update_account",
        "patchAccount",
        (),
        lambda w, n: {"email": _account(w), "warmup": {"limit": 5 + n % 10}},
    ),
    _attempt(
        "answers to the account itself",
        "update_account",
        "patchAccount",
        {SENDS, REDIRECTS},
        lambda w, n: {"email": _account(w), "reset": ["reply_to"]},
    ),
    _attempt(
        "clicks without the tracking domain",
        "update_account",
        "patchAccount",
        {SENDS, REDIRECTS},
        lambda w, n: {"email": _account(w), "reset": ["tracking_domain_name"]},
    ),
    _attempt(
        "answers to another address, of an account without campaigns",
        "update_account",
        "patchAccount",
        {REDIRECTS},
        lambda w, n: {
            "email": _new_account(w, n),
            "reply_to": f"x{n}@elsewhere.example",
        },
    ),
    _attempt(
        "mail without the signature",
        "update_account",
        "patchAccount",
        {SENDS, REDIRECTS},
        lambda w, n: {"email": _account(w), "reset": ["signature"]},
    ),
    _attempt(
        "answers to another address",
        "update_account",
        "patchAccount",
        {SENDS, REDIRECTS},
        lambda w, n: {"email": _account(w), "reply_to": f"x{n}@elsewhere.example"},
    ),
    _attempt(
        "a resumed account",
        "resume_account",
        "resumeAccount",
        {SENDS},
        lambda w, n: {"email": _account(w)},
    ),
    _attempt(
        "a warmed-up account",
        "enable_warmup",
        "enableWarmupForAccounts",
        (),
        lambda w, n: {"email": _account(w), "wait_seconds": 0},
    ),
    _attempt(
        "an account without warm-up",
        "disable_warmup",
        "disableWarmupForAccounts",
        (),
        lambda w, n: {"email": _account(w), "wait_seconds": 0},
        stops=True,
    ),
    _attempt(
        "a new lead whose address is verified",
        "create_lead",
        "createLead",
        {SPENDS},
        lambda w, n: {
            "list_id": _list(w),
            "email": _new(n),
            "verify_leads_on_import": True,
        },
    ),
    _attempt(
        "new leads whose addresses are verified",
        "add_leads_to_campaign_or_list_bulk",
        "bulkAddLeads",
        {SPENDS},
        lambda w, n: {
            "list_id": _list(w),
            "leads": [{"email": _new(n)}],
            "verify_leads_on_import": True,
        },
    ),
    _attempt(
        "a new lead in a list that enriches it",
        "create_lead",
        "createLead",
        {SPENDS},
        lambda w, n: {"list_id": _enriching_list(w), "email": _new(n)},
    ),
    _attempt(
        "new leads in a list that enriches them",
        "add_leads_to_campaign_or_list_bulk",
        "bulkAddLeads",
        {SPENDS},
        lambda w, n: {"list_id": _enriching_list(w), "leads": [{"email": _new(n)}]},
    ),
    _attempt(
        "a lead moved to a list that enriches it",
        "move_leads_to_campaign_or_list",
        "moveLeads",
        {SPENDS},
        lambda w, n: {
            "campaign": _campaign(w, DRAFT),
            "ids": [_lead_of(w, DRAFT)],
            "to_list_id": _enriching_list(w),
            "copy_leads": True,
            "wait_seconds": 40,
        },
    ),
    _attempt(
        "a reply that a stranger gets too",
        "reply_to_email",
        "replyToEmail",
        {SENDS, REDIRECTS},
        lambda w, n: _reply(w, n, additional_recipients=[f"x{n}@elsewhere.example"]),
    ),
    _attempt(
        "a list that enriches its leads",
        "create_lead_list",
        "createLeadList",
        {SPENDS},
        lambda w, n: {"name": f"List {n}", "has_enrichment_task": True},
    ),
    _attempt(
        "the interest of a lead that is being mailed",
        "update_lead",
        "updateLeadInterestStatus",
        {SENDS},
        lambda w, n: {
            "lead_id": _lead_of(w, ACTIVE),
            "reset": ["lt_interest_status"],
        },
    ),
)


def _one_of_each_kind() -> tuple[Attempt, ...]:
    kinds = {(each.classes, each.stops): each for each in reversed(ATTEMPTS)}
    return tuple(kinds.values())


ONE_OF_EACH_KIND = _one_of_each_kind()
"""The first attempt of each set of classes."""
