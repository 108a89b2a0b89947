"""Work that Instantly does in the background, reported as what it is: a job.

A job that was started is never called done. Instantly cannot cancel one.
"""

from __future__ import annotations

from ..._json import Json, JsonObject
from ...protocol.call import Call
from ..bench import Bench
from ..results import Refusal

ENDED = frozenset({"success", "failed", "cancelled", "completed", "error"})
"""Every word that has been seen for an end; whatever is unknown is still running."""

LOOK = "Call get_background_job with this id to see how it ends."

SELECTORS = ("search", "filter", "contacts", "queries", "ids", "campaign", "list_id")


def job_of(reply: Json) -> JsonObject:
    """Describe a background job."""
    job = dict(reply) if isinstance(reply, dict) else {}
    for name in ("workspace_id", "user_id"):
        job.pop(name, None)
    job["ended"] = job.get("status") in ENDED
    return job


def started(reply: Json, given: JsonObject) -> JsonObject:
    """Return the result of a call that started a job."""
    job = job_of(reply)
    return {"job": job} if job["ended"] else {"job": job, "next": LOOK}


async def move_leads(bench: Bench, given: JsonObject, call: Call) -> Json:
    """Move or copy leads that were selected, and only those."""
    destinations = [n for n in ("to_campaign_id", "to_list_id") if given.get(n)]
    if len(destinations) != 1:
        raise Refusal(
            "bad_argument",
            "The leads need one place to go: a campaign or a list.",
            "Give exactly one of to_campaign_id and to_list_id.",
        )
    if not any(_says_something(given.get(name)) for name in SELECTORS):
        raise Refusal(
            "empty_selection",
            "No leads are selected; this could move every lead of the workspace.",
            "Select by ids, campaign, list_id, contacts, search, filter or queries.",
        )
    if given.get("ids") and not (given.get("campaign") or given.get("list_id")):
        raise Refusal(
            "bad_argument",
            "ids alone do not say where the leads are now.",
            "Give the campaign or list_id that they are in as well.",
        )
    return started(await bench.execute("moveLeads", given, call), given)


def _says_something(selector: Json) -> bool:
    if isinstance(selector, str):
        return bool(selector.strip())
    return bool(selector)
