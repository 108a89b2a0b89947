"""What the checks need, read with few calls, however large the campaign is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from attrs import frozen
from twisted.internet.defer import Deferred

from ...._deferred import deferred
from ...._json_codec import Json, JsonObject
from ....protocol.calls.call import Call
from ..context import FeatureContext
from ..fetching import Gathered, gather, read_pages

SAMPLE_LEADS = 100
"""Number of leads in the sample."""

MAX_ACCOUNT_PAGES = 10
"""Most pages of 100 accounts to read; a sender beyond them counts as not found."""


@frozen(kw_only=True)
class CampaignSurvey:
    """A campaign and what belongs to it.

    :param now: the time of the survey, in UTC.
    """

    campaign: JsonObject
    found: Gathered
    now: datetime

    @property
    def wanted(self) -> Sequence[str]:
        """The senders that the campaign names."""
        return [str(each) for each in self.campaign.get("email_list") or ()]

    @property
    def senders(self) -> Sequence[JsonObject]:
        """The accounts of these senders that were found."""
        return self.found.items("senders")

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
        whole = not self.found.object("leads").get("next_starting_after")
        if self.found.has("leads") and (whole or len(self.leads) < SAMPLE_LEADS):
            return len(self.leads)
        return None

    @property
    def sending(self) -> JsonObject:
        """Instantly's own diagnosis."""
        return self.found.object("sending")


async def survey_campaign(
    context: FeatureContext, id: str, call: Call
) -> CampaignSurvey:
    """Read the campaign, then everything else concurrently.

    :raises ApiError: when the campaign itself cannot be read.
    """
    campaign = await context.fetch("getCampaign", {"id": id}, call)
    works: Mapping[str, Deferred[Json]] = {
        "sending": context.execute("getCampaignSendingStatus", {"id": id}, call),
        "leads": context.execute(
            "listLeads", {"campaign": id, "limit": SAMPLE_LEADS}, call
        ),
        "totals": context.execute("getCampaignAnalytics", {"id": id}, call),
        "senders": _senders(context, campaign, call),
    }
    now = datetime.fromtimestamp(context.wall(), UTC)
    return CampaignSurvey(campaign=campaign, found=await gather(works), now=now)


@deferred
async def _senders(context: FeatureContext, campaign: JsonObject, call: Call) -> Json:
    """Return the accounts that the campaign names, by address or by tag."""
    wanted = {str(each).lower() for each in campaign.get("email_list") or ()}
    tags = campaign.get("email_tag_list") or ()
    if not wanted and not tags:
        return []
    given = {} if wanted else {"tag_ids": ",".join(map(str, tags))}
    accounts, _ = await read_pages(
        context, "listAccount", given, call, MAX_ACCOUNT_PAGES
    )
    if not wanted:
        return accounts
    return [each for each in accounts if str(each.get("email")).lower() in wanted]
