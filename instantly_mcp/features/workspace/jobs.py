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
    if isinstance(job.get("data"), dict):
        job["data"] = _brief(job["data"])
    status = job.get("status")
    job["ended"] = isinstance(status, str) and status in FINAL_STATUSES
    return job


def _brief(data: JsonObject) -> JsonObject:
    brief: dict[str, Json] = {}
    for name, value in data.items():
        brief[name] = value
        if isinstance(value, list) and len(value) > MAX_LISTED:
            brief[name] = value[:MAX_LISTED]
            brief[f"{name}_not_shown"] = len(value) - MAX_LISTED
    return brief


def started(reply: Json, given: JsonObject) -> JsonObject:
    """Return the result of a call that started a job."""
    job = job_of(reply)
    return {"job": job} if job["ended"] else {"job": job, "next": READ_LATER}
