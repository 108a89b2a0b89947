"""What background jobs looked like when somebody last looked at them.

Whoever reads a job notes it here; who watches the job's resource is told when the
next look finds it changed. Nobody is told of another principal's jobs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import quote

from attrs import define, field

from ..._json_codec import Json, JsonObject

Told: TypeAlias = Callable[[str, str], None]
"""Called with the URI of a resource that changed and the principal whose it is."""

MOST = 2000


def job_uri(id: str) -> str:
    """Return the URI under which a job is a resource."""
    return f"instantly://jobs/{quote(id, safe='')}"


def _nobody(uri: str, principal: str) -> None:
    """Tell nobody."""


@define(eq=False)
class JobSightings:
    """Remembers the last sight of each job, the oldest forgotten first.

    :param told: learns of every change.
    """

    told: Told = _nobody
    most: int = MOST
    _seen: OrderedDict[tuple[str, str], tuple[Json, Json]] = field(
        factory=OrderedDict, init=False
    )

    def note(self, job: Json, principal: str) -> None:
        """Remember how a job looks; tell of it if it looked otherwise before."""
        id = job.get("id") if isinstance(job, dict) else None
        if not isinstance(id, str):
            return
        key, sight = (principal, id), (job.get("status"), job.get("progress"))
        before = self._seen.get(key)
        self._seen[key] = sight
        self._seen.move_to_end(key)
        if len(self._seen) > self.most:
            self._seen.popitem(last=False)
        if before is not None and before != sight:
            self.told(job_uri(id), principal)

    def lost(self, id: str, principal: str) -> None:
        """Forget a job that is gone; tell of it if somebody ever saw it."""
        if self._seen.pop((principal, id), None) is not None:
            self.told(job_uri(id), principal)

    def note_all(self, reply: JsonObject, principal: str) -> None:
        """Remember every job of a list reply."""
        items = reply.get("items")
        for job in items if isinstance(items, list) else ():
            self.note(job, principal)
