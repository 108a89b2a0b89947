"""Detects changes of background jobs by comparing each read with the one before.

Every tool or resource that reads a job records its status here. When it differs from
the recorded one, the subscribers of the job's resource are notified. Each principal's
jobs are kept separately.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import quote

from attrs import define, field

from ...._json_codec import Json, JsonObject
from ...._noop import noop

OnResourceChanged: TypeAlias = Callable[[str, str], None]
"""Called with the URI of a changed resource and the principal that owns it."""

MAX_REMEMBERED_JOBS = 2000


def job_uri(id: str) -> str:
    """Return the resource URI of a job."""
    return f"instantly://jobs/{quote(id, safe='')}"


@define(eq=False)
class JobChangeTracker:
    """Remembers the last status of each job; the oldest is forgotten first.

    :param on_change: called on every change.
    :param most: how many jobs are remembered.
    """

    on_change: OnResourceChanged = noop
    most: int = MAX_REMEMBERED_JOBS
    _seen: OrderedDict[tuple[str, str], tuple[Json, Json]] = field(
        factory=OrderedDict, init=False
    )

    def record(self, job: Json, principal: str) -> None:
        """Record a job's status and progress; report it if either changed."""
        id = job.get("id") if isinstance(job, dict) else None
        if not isinstance(id, str):
            return
        key, status = (principal, id), (job.get("status"), job.get("progress"))
        before = self._seen.get(key)
        self._seen[key] = status
        self._seen.move_to_end(key)
        if len(self._seen) > self.most:
            self._seen.popitem(last=False)
        if before is not None and before != status:
            self.on_change(job_uri(id), principal)

    def record_deleted(self, id: str, principal: str) -> None:
        """Forget a job that no longer exists; report it if it was ever recorded."""
        if self._seen.pop((principal, id), None) is not None:
            self.on_change(job_uri(id), principal)

    def record_all(self, reply: JsonObject, principal: str) -> None:
        """Record every job in a list reply."""
        items = reply.get("items")
        for job in items if isinstance(items, list) else ():
            self.record(job, principal)
