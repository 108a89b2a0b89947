"""Work that Instantly does in the background, reported as what it is: a job.

A job that was started is never called done. Instantly cannot cancel one.
"""

from __future__ import annotations

from ..._json_codec import Json, JsonObject

ENDED = frozenset({"success", "failed", "cancelled", "completed", "error"})
"""Every word that has been seen for an end; whatever is unknown is still running."""

LOOK = "Call get_background_job with this id to see how it ends."


def job_of(reply: Json) -> JsonObject:
    """Describe a background job."""
    job = dict(reply) if isinstance(reply, dict) else {}
    for name in ("workspace_id", "user_id"):
        job.pop(name, None)
    status = job.get("status")
    job["ended"] = isinstance(status, str) and status in ENDED
    return job


def started(reply: Json, given: JsonObject) -> JsonObject:
    """Return the result of a call that started a job."""
    job = job_of(reply)
    return {"job": job} if job["ended"] else {"job": job, "next": LOOK}
