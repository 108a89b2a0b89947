"""Views of Instantly's background jobs.

A job that was only started is never reported as done. Instantly cannot cancel jobs.
"""

from __future__ import annotations

from ..._json_codec import Json, JsonObject

FINAL_STATUSES = frozenset({"success", "failed", "cancelled", "completed", "error"})
"""All final statuses that were observed; a job with any other status is running."""

MAX_LISTED = 20
"""Entries that are shown of each list in a job's data, such as the moved addresses."""

READ_LATER = "Call get_background_job with this id to see its result."


def job_of(reply: Json) -> JsonObject:
    """Return the view of a background job, with long lists in its data cut."""
    job = dict(reply) if isinstance(reply, dict) else {}
    for name in ("workspace_id", "user_id"):
        job.pop(name, None)
    data = job.get("data")
    if isinstance(data, dict):
        job["data"], not_shown = _brief(data)
        if not_shown:
            job["not_shown"] = not_shown
    status = job.get("status")
    job["ended"] = isinstance(status, str) and status in FINAL_STATUSES
    return job


def _brief(data: JsonObject) -> tuple[JsonObject, JsonObject]:
    """Return the data with short lists, and how many entries were cut of which."""
    brief, cut = dict(data), {}
    for name, value in data.items():
        if isinstance(value, list) and len(value) > MAX_LISTED:
            brief[name] = value[:MAX_LISTED]
            cut[name] = len(value) - MAX_LISTED
    return brief, cut


def started(reply: Json, given: JsonObject) -> JsonObject:
    """Return the result of a call that started a job."""
    job = job_of(reply)
    return {"job": job} if job["ended"] else {"job": job, "next": READ_LATER}
