"""Summarizes a workspace for the page of the sandbox."""

from __future__ import annotations

from collections.abc import Sequence

from ..analytics import TimeRange, campaign_totals
from ..records import ApiObject, CampaignStatus, MailType
from ..timeline import format_time
from ..workspaces import Sandbox
from ..world import World

MAX_REPLIES = 10
_ALWAYS = TimeRange(start=None, end=None)
_STATUS_WORDS = {
    CampaignStatus.DRAFT: "Draft",
    CampaignStatus.ACTIVE: "Active",
    CampaignStatus.PAUSED: "Paused",
    CampaignStatus.COMPLETED: "Completed",
}


def counts(world: World) -> ApiObject:
    """Return how much a world contains."""
    return {
        "campaigns": len(world.campaigns),
        "leads": len(world.leads),
        "threads": len(world.threads),
    }


def overview(
    sandbox: Sandbox, key: str, first: int, most: int, since: str
) -> ApiObject:
    """Return what the page of the sandbox shows of a workspace.

    :param first: how many of the newest mails are left out.
    :param most: how many mails are returned.
    :param since: a time as the API writes it: what happened later is counted.
    :raises SandboxError: for a key that has no workspace.
    """
    workspace = sandbox.shown(key)
    world = workspace.current_world()
    newest = list(reversed(world.outbox))
    replies = _replies(world, format_time(sandbox.start.timestamp()))
    return {
        "key": key,
        "now": format_time(world.now),
        "contains": counts(world),
        "campaigns": [_campaign(world, id) for id in world.campaigns],
        "outbox": {"count": len(newest), "items": newest[first : first + most]},
        "replies": {"count": len(replies), "items": replies[:MAX_REPLIES]},
        "answerable": _newest_received(world),
        "faults": workspace.faults.as_json(),
        "since": {
            "sent": sum(mail["at"] > since for mail in newest),
            "replies": sum(mail["at"] > since for mail in replies),
        },
    }


def _campaign(world: World, id: str) -> ApiObject:
    campaign = world.campaigns[id]
    totals = campaign_totals(world, campaign, _ALWAYS, leads=True)
    return {
        "name": totals["campaign_name"],
        "status": _STATUS_WORDS.get(totals["campaign_status"], "Stopped"),
        "leads": totals["leads_count"],
        "sent": totals["emails_sent_count"],
        "replies": totals["reply_count"],
        "bounces": totals["bounced_count"],
    }


def _newest_received(world: World) -> str | None:
    """Return the id of the newest mail that a person sent."""
    received = [
        mail for mail in world.emails.values() if mail["ue_type"] == MailType.RECEIVED
    ]
    newest = max(received, key=lambda mail: str(mail["timestamp_email"]), default=None)
    return None if newest is None else str(newest["id"])


def _replies(world: World, start: str) -> Sequence[ApiObject]:
    """Return the mails that people sent since the simulation began, newest first."""
    found = [
        {
            "at": mail["timestamp_email"],
            "from": mail["from_address_email"],
            "subject": mail["subject"],
            "text": mail["body"].get("text") or mail["content_preview"],
        }
        for mail in world.emails.values()
        if mail["ue_type"] == MailType.RECEIVED and mail["timestamp_email"] > start
    ]
    return sorted(found, key=lambda mail: str(mail["at"]), reverse=True)
