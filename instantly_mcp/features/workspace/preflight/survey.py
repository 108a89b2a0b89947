"""What the checks need, read with few calls, however large the campaign is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from attrs import frozen
from twisted.internet.defer import Deferred

from ...._deferred import deferred
from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ..context import FeatureContext
from ..fetching import Gathered, gather
from ..paging import read_pages
from ..reply_values import as_list

SAMPLE_LEADS = 100
"""Number of leads in the sample."""

MAX_ACCOUNT_PAGES = 10
"""Most pages of 100 accounts to read; a sender beyond them counts as not found."""


@frozen(kw_only=True)
class CampaignSurvey:
    """A campaign and what belongs to it.

    :param now: the time of the survey, in UTC.
    :param warn_only: the checks that only warn when they fail.
    """

    campaign: JsonObject
    found: Gathered
    now: datetime
    warn_only: frozenset[str] = frozenset()

    @property
    def wanted(self) -> Sequence[str]:
        """The senders that the campaign names."""
        return [str(each) for each in as_list(self.campaign.get("email_list"))]

    @property
    def senders(self) -> Sequence[JsonObject]:
        """The accounts of these senders that were found."""
        return self.found.items("senders")

    @property
    def all_senders_read(self) -> bool:
        """Whether a sender that was not found does not exist."""
        return self.found.object("senders").get("complete") is not False

    @property
    def leads(self) -> Sequence[JsonObject]:
        """The leads of the sample."""
        return self.found.items("leads")

    @property
    def leads_count(self) -> int | None:
        """The number of all leads, if it is known."""
        rows = self.found.items("totals")
        count = rows[0].get("leads_count") if rows else None
        if isinstance(count, int) and count >= len(self.leads):
            return count
        return len(self.leads) if self.all_leads_read else None

    @property
    def all_leads_read(self) -> bool:
        """Whether the sample has all leads of the campaign."""
        whole = not self.found.object("leads").get("next_starting_after")
        return self.found.has("leads") and (whole or len(self.leads) < SAMPLE_LEADS)

    @property
    def sending(self) -> JsonObject:
        """Instantly's own diagnosis."""
        return self.found.object("sending")


async def survey_campaign(
    context: FeatureContext, id: str, call: Call, *, diagnosis: bool = True
) -> CampaignSurvey:
    """Read the campaign, then everything else concurrently.

    :param diagnosis: read Instantly's own diagnosis, too.
    :raises ApiError: when the campaign itself cannot be read.
    """
    campaign = await context.fetch("getCampaign", {"id": id}, call)
    works: dict[str, Deferred[Json]] = {
        "leads": context.execute(
            "listLeads", {"campaign": id, "limit": SAMPLE_LEADS}, call
        ),
        "totals": context.execute("getCampaignAnalytics", {"id": id}, call),
        "senders": _senders(context, campaign, call),
    }
    if diagnosis:
        works["sending"] = context.execute("getCampaignSendingStatus", {"id": id}, call)
    return surveyed(context, campaign, await gather(works))


def surveyed(
    context: FeatureContext, campaign: JsonObject, found: Gathered
) -> CampaignSurvey:
    """Return the survey of a campaign, as of now and as the operator wants it."""
    return CampaignSurvey(
        campaign=campaign,
        found=found,
        now=datetime.fromtimestamp(context.wall(), UTC),
        warn_only=context.warn_only,
    )


@deferred
async def _senders(context: FeatureContext, campaign: JsonObject, call: Call) -> Json:
    """Return the accounts that the campaign names, by address, by tag, or by both."""
    wanted = {str(each).lower() for each in as_list(campaign.get("email_list"))}
    tags = as_list(campaign.get("email_tag_list"))
    found: list[JsonObject] = []
    complete = tagged_complete = True

    def chosen(accounts: Sequence[JsonObject]) -> list[JsonObject]:
        return [each for each in accounts if str(each.get("email")).lower() in wanted]

    if wanted:
        accounts, complete = await read_pages(
            context.fetch,
            "listAccount",
            {},
            call,
            most=MAX_ACCOUNT_PAGES,
            enough=lambda read: len(chosen(read)) == len(wanted),
        )
        found = chosen(accounts)
    if tags:
        tagged, tagged_complete = await read_pages(
            context.fetch,
            "listAccount",
            {"tag_ids": ",".join(map(str, tags))},
            call,
            most=MAX_ACCOUNT_PAGES,
        )
        known = {each.get("email") for each in found}
        found += [each for each in tagged if each.get("email") not in known]
    return {"items": found, "complete": complete and tagged_complete}
