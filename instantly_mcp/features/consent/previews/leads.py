"""The previews of what puts leads into campaigns, or changes them there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...._json_codec import Json, JsonObject
from ....access.preview import Fact
from ...tools.workflows.warnings import ACTIVE_STATUS, VERIFY_FLAGS
from ...workspace.reply_values import as_list
from ..assessment.selection import read_selection
from ..assessment.subject import NOT_READABLE, WriteSubject
from .digests import digest_of_leads
from .parts import (
    Found,
    campaign_facts,
    fact,
    known,
    listed,
    reached_campaigns,
    text_of,
)

MAX_DESCRIBED = 20
"""Most new leads of which everything is shown."""

_DESTINATIONS = frozenset(
    {"campaign", "campaign_id", "list_id", "to_campaign_id", "to_list_id"}
)


async def build_adding(subject: WriteSubject) -> Found:
    """Find where new leads are added, and which."""
    leads = as_list(subject.tool_arguments.get("leads")) or [subject.tool_arguments]
    emails = [each.get("email") for each in leads if isinstance(each, dict)]
    verified = any(subject.arguments.get(flag) for flag in VERIFY_FLAGS)
    return Found(
        title=_title(subject, "Add leads"),
        facts=(
            *await _destination(subject, ("campaign", "campaign_id"), ("list_id",)),
            fact("Leads", len(leads)),
            *known(("Addresses", listed([each for each in emails if each]))),
            *known(
                (
                    "Price of the verification in credits, at most",
                    len(leads) if verified else None,
                )
            ),
            *_enrichment(subject),
        ),
        untrusted=tuple(_texts_of(as_list(subject.tool_arguments.get("leads")))),
        covers=_DESTINATIONS | {"leads", "email"},
    )


def _enrichment(subject: WriteSubject) -> tuple[Fact, ...]:
    """Return that the list costs more than the lead, if it does."""
    costs = "costs credits for each lead" if subject.reach.enriches else None
    return known(("The enrichment of this list", costs))


def _texts_of(leads: Sequence[Json]) -> Iterator[Fact]:
    """Yield what is known of several leads besides their addresses: mail can say it."""
    described = [
        each for each in leads if isinstance(each, dict) and set(each) - {"email"}
    ]
    if described:
        shown = described[:MAX_DESCRIBED]
        cut = len(described) > MAX_DESCRIBED
        part = f", the first {len(shown)} of {len(described)}" if cut else ""
        yield f"What mail can say of them{part}", "\n".join(map(text_of, shown))


async def build_moving(subject: WriteSubject) -> Found:
    """Find where leads are moved or copied to, and which: the first ones are compared.

    Their selection is shown as given.
    """
    selected = await read_selection(subject)
    to = await _destination(subject, ("to_campaign_id",), ("to_list_id",))
    verb = "Copy leads" if subject.arguments.get("copy_leads") else "Move leads"
    return Found(
        title=_title(subject, verb),
        facts=(*to, fact("Leads", str(selected)), *_enrichment(subject)),
        unseen=(digest_of_leads(selected.first),),
        covers=frozenset({"to_campaign_id", "to_list_id", "max_wait_seconds"}),
    )


async def build_lead_change(subject: WriteSubject) -> Found:
    """Find which lead is changed, and the campaign that mails it."""
    id = subject.arguments["id"]
    lead = await subject.read("getLead", {"id": id})
    return Found(
        title=_title(subject, "Change a lead"),
        facts=(
            fact("Lead", NOT_READABLE if lead is None else lead.get("email") or id),
            *reached_campaigns(subject),
        ),
        covers=frozenset({"id"}),
    )


def _title(subject: WriteSubject, does: str) -> str:
    if not subject.reach.sends:
        return f"{does}."
    statuses = [each.get("status") for each in subject.reach.campaigns.values()]
    if ACTIVE_STATUS in statuses:
        return f"{does}: a running campaign then sends mail."
    return f"{does}: the campaign may then send mail."


async def _destination(
    subject: WriteSubject, campaigns: tuple[str, ...], lists: tuple[str, ...]
) -> tuple[Fact, ...]:
    """Return the facts about the campaign or the list that the leads go to."""
    for name in campaigns:
        id = subject.arguments.get(name)
        if id:
            return campaign_facts(id, await _campaign(subject, id))
    for name in lists:
        id = subject.arguments.get(name)
        if id:
            found = await subject.read("getLeadList", {"id": id})
            shown = NOT_READABLE if found is None else found.get("name") or id
            return (fact("List", shown), fact("Its id", id))
    return ()


async def _campaign(subject: WriteSubject, id: Json) -> JsonObject | None:
    known = subject.reach.campaigns.get(str(id))
    return known or await subject.read("getCampaign", {"id": id})
