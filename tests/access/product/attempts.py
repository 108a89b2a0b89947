"""Calls of tools that change something, and what each of them is allowed to be.

The classes follow the specification, not the code: `SENDS` mail, `SPENDS` money, and so
on. A second column, `operation`, is what the simulated Instantly receives when the call
is let through.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from attrs import field, frozen

from instantly_mcp._json_codec import JsonObject
from instantly_mcp.sandbox.world import World

SENDS, SPENDS = "sends", "spends"
DESTRUCTIVE, REDIRECTS = "destructive", "redirects"

ACTIVE, DRAFT = 1, 0

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
        """Return arguments that no earlier call had."""
        return self.arguments(world, next(_numbers))


def _campaign(world: World, status: int) -> str:
    found = (
        each.id for each in world.campaigns.values() if each.shown["status"] == status
    )
    return next(found)


def _ready(world: World) -> str:
    """Return a campaign that passes the check before a start."""
    return _campaign(world, ACTIVE)


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
        lambda w, n: {"campaign_id": _ready(w)},
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
        lambda w, n: {"campaign_id": _ready(w)},
        stops=True,
    ),
    _attempt(
        "a started account, by an old name",
        "manage_account_state",
        "resumeAccount",
        {SENDS},
        lambda w, n: {"email": _account(w), "action": "resume"},
    ),
)
