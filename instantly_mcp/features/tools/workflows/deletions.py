"""Deletions: what depends on a thing is read and named before the thing goes.

Nothing that is deleted can be restored, so every deletion first reads the thing and
counts what goes with it. With ``dry_run`` that is the result; otherwise the thing is
deleted, and the result names the same facts. A part that cannot be read is reported as
unknown and does not prevent the deletion, unless the thing itself is not found.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeAlias

from attrs import field, frozen

from ...._json_codec import Json, JsonObject
from ....api.errors import ApiError, Reason
from ....catalog.codes import CAMPAIGN_STATUS, LEAD_STATUS
from ....protocol.calls.call import Call
from ...untrusted.marking import quoted_line
from ...workspace.context import FeatureContext
from ...workspace.fetching import Gathered, gather
from ...workspace.labels import label_of
from .warnings import ACTIVE_STATUS, with_warnings

MAX_CAMPAIGNS_NAMED = 10
"""Campaigns of an account that are named; the others are counted."""

MAX_CAMPAIGNS_COUNTED = 100
MAX_CAMPAIGNS_READ = 5
"""Active campaigns of an account that are read, to find those it alone sends for."""

NOT_DELETED = (
    "Nothing was deleted. Show this to the user; without dry_run it is deleted "
    "permanently."
)


@frozen(kw_only=True)
class Dependents:
    """What is known of a thing that is to be deleted.

    :param thing: its id (or address), its name, and what identifies it further.
    :param with_it: counts of what goes with it, or stops.
    :param unknown: the error objects of what could not be read, by name.
    """

    thing: JsonObject
    with_it: JsonObject
    warnings: tuple[str, ...] = ()
    unknown: JsonObject = field(factory=dict)


Survey: TypeAlias = Callable[
    [FeatureContext, str, Call], Coroutine[Any, Any, Dependents]
]


@frozen(kw_only=True)
class Deletion:
    """The work of one tool that deletes.

    :param operation: deletes the thing.
    :param key: the parameter that names it.
    :param survey: reads it, and what depends on it.
    """

    operation: str
    key: str
    survey: Survey

    async def __call__(
        self, context: FeatureContext, given: JsonObject, call: Call
    ) -> Json:
        """Delete the thing, or with ``dry_run`` only say what would go.

        :raises ApiError: when the thing is not found, or its deletion fails.
        """
        id = given[self.key]
        found = await self.survey(context, id, call)
        facts: dict[str, Json] = {"with_it": found.with_it}
        if found.unknown:
            facts["unknown"] = found.unknown
        if given.get("dry_run"):
            facts = {"would_delete": found.thing, **facts, "next": NOT_DELETED}
            return with_warnings(facts, found.warnings)
        await context.execute(self.operation, {self.key: id}, call)
        return with_warnings({"deleted": found.thing, **facts}, found.warnings)


async def lead_dependents(context: FeatureContext, id: str, call: Call) -> Dependents:
    """Return a lead with its history."""
    found = await _read(context, {"lead": ("getLead", {"id": id})}, call)
    lead = found.object("lead")
    thing = _said(
        id=id,
        email=lead.get("email"),
        name=_person(lead),
        campaign=lead.get("campaign"),
        list_id=lead.get("list_id"),
        status_label=label_of(LEAD_STATUS, lead.get("status")),
    )
    payload = lead.get("payload")
    with_it = _said(
        opens=lead.get("email_open_count"),
        clicks=lead.get("email_click_count"),
        replies=lead.get("email_reply_count"),
        last_contact=lead.get("timestamp_last_contact"),
        variables=len(payload) if isinstance(payload, dict) else None,
    )
    return Dependents(thing=thing, with_it=with_it, unknown=found.unknown())


async def list_dependents(context: FeatureContext, id: str, call: Call) -> Dependents:
    """Return a lead list with the number of its leads."""
    reads = {
        "list": ("getLeadList", {"id": id}),
        "leads": ("getVerificationStats", {"id": id}),
    }
    found = await _read(context, reads, call)
    counts = found.object("leads")
    return Dependents(
        thing=_said(id=id, name=found.object("list").get("name")),
        with_it=_said(leads=counts.get("total_leads")),
        unknown=found.unknown(),
    )


async def campaign_dependents(
    context: FeatureContext, id: str, call: Call
) -> Dependents:
    """Return a campaign with its leads and statistics."""
    reads = {
        "campaign": ("getCampaign", {"id": id}),
        "statistics": ("getCampaignAnalytics", {"id": id}),
    }
    found = await _read(context, reads, call)
    campaign = found.object("campaign")
    totals = next(iter(found.items("statistics")), {})
    senders = campaign.get("email_list")
    warnings = ("The campaign is active: its mail stops.",)
    return Dependents(
        thing=_said(
            id=id,
            name=campaign.get("name"),
            status_label=label_of(CAMPAIGN_STATUS, campaign.get("status")),
        ),
        with_it=_said(
            leads=totals.get("leads_count"),
            contacted=totals.get("contacted_count"),
            emails_sent=totals.get("emails_sent_count"),
            replies=totals.get("reply_count_unique"),
            opportunities=totals.get("total_opportunities"),
            senders=len(senders) if isinstance(senders, list) else None,
        ),
        warnings=warnings if campaign.get("status") == ACTIVE_STATUS else (),
        unknown=found.unknown(),
    )


async def account_dependents(
    context: FeatureContext, email: str, call: Call
) -> Dependents:
    """Return an account with the campaigns that it sends for."""
    reads: dict[str, tuple[str, JsonObject]] = {
        "account": ("getAccount", {"email": email}),
        "campaigns": (
            "getAccountCampaignMapping",
            {"email": email, "limit": MAX_CAMPAIGNS_COUNTED},
        ),
    }
    found = await _read(context, reads, call)
    account, campaigns = found.object("account"), found.items("campaigns")
    active = [each for each in campaigns if each.get("status") == ACTIVE_STATUS]
    alone, unread = await _sending_alone(context, active, email, call)
    named = [_campaign(each) for each in campaigns[:MAX_CAMPAIGNS_NAMED]]
    with_it = _said(
        campaigns=len(campaigns) if found.has("campaigns") else None,
        active_campaigns=len(active) if found.has("campaigns") else None,
        active_campaigns_not_read=max(0, len(active) - MAX_CAMPAIGNS_READ) or None,
        more_campaigns=len(campaigns) >= MAX_CAMPAIGNS_COUNTED or None,
        named_campaigns=named or None,
        warmup_score=account.get("stat_warmup_score"),
    )
    warnings = [
        f"It is the only sender of the active campaign {quoted_line(name)}, which then "
        "cannot send."
        for name in alone
    ]
    return Dependents(
        thing=_said(
            email=email,
            name=_person(account),
        ),
        with_it=with_it,
        warnings=tuple(warnings),
        unknown={**found.unknown(), **unread},
    )


async def _sending_alone(
    context: FeatureContext, active: list[JsonObject], email: str, call: Call
) -> tuple[list[str], JsonObject]:
    """Return the names of the active campaigns whose only sender this account is.

    :returns: these, and by id the error objects of campaigns that could not be read.
    """
    ids = [str(each.get("campaign_id")) for each in active[:MAX_CAMPAIGNS_READ]]
    found = await gather(
        {id: context.execute("getCampaign", {"id": id}, call) for id in ids}
    )
    alone = []
    for id in ids:
        campaign = found.object(id)
        senders = {str(each).lower() for each in campaign.get("email_list") or ()}
        if senders == {email.lower()} and not campaign.get("email_tag_list"):
            alone.append(str(campaign.get("name") or id))
    return alone, found.unknown()


async def _read(
    context: FeatureContext, reads: Mapping[str, tuple[str, JsonObject]], call: Call
) -> Gathered:
    """Read the thing, which comes first, and what depends on it.

    :raises ApiError: when the thing cannot be read, unless the key lacks the scope.
    """
    found = await gather(
        {name: context.execute(*what, call) for name, what in reads.items()}
    )
    failure: ApiError | None = found.failures.get(next(iter(reads)))
    if failure is not None and failure.reason is not Reason.SCOPE_MISSING:
        raise failure
    return found


def _campaign(mapping: JsonObject) -> JsonObject:
    return _said(
        id=mapping.get("campaign_id"),
        name=mapping.get("campaign_name"),
        status_label=label_of(CAMPAIGN_STATUS, mapping.get("status")),
    )


def _person(thing: JsonObject) -> str:
    """Return the name of a lead, or of the owner of an account."""
    names = (thing.get("first_name"), thing.get("last_name"))
    return " ".join(str(name) for name in names if name)


def _said(**members: Json) -> dict[str, Json]:
    return {name: value for name, value in members.items() if value not in (None, "")}


DELETE_LEAD = Deletion(operation="deleteLead", key="id", survey=lead_dependents)
DELETE_LIST = Deletion(operation="deleteLeadList", key="id", survey=list_dependents)
DELETE_CAMPAIGN = Deletion(
    operation="deleteCampaign", key="id", survey=campaign_dependents
)
DELETE_ACCOUNT = Deletion(
    operation="deleteAccount", key="email", survey=account_dependents
)
