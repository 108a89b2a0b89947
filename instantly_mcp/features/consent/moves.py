"""Remembers which leads are still on their way to a campaign or a list.

The API moves leads in a job, which goes on for seconds or minutes after the call that
started it, and nothing says when it chooses the leads. A start that is agreed to in
that time would mail leads that its preview did not count; and leads that are added to a
list, or changed, after the move of all its leads was agreed to would be moved as well.

The API does not say whether a job belongs to the object that leads leave or to the one
that they join, so this server remembers the jobs that it started itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from enum import Enum

from attrs import define, field, frozen

from ..._json_codec import Json, JsonObject
from ...access.act import Act
from ...access.refusal import BUSY, AccessRefusedError
from ...api.errors import ApiError, Reason
from ..workspace.jobs import job_of
from ..workspace.reply_values import as_object
from .assessment.subject import WriteSubject
from .turns import ALONE

MAX_JOBS = 10_000
"""Most jobs that are remembered; the oldest is forgotten first."""

UNREADABLE_SECONDS = 600.0
"""How long a job that cannot be read counts as one that is under way."""

_WHOLE = ("id", "campaign", "list_id")
"""The parameters of `ALONE` that name a campaign or a list with all of its leads."""

_SOURCES = ("campaign", "list_id")
_DESTINATIONS: Mapping[str, Collection[str]] = {
    "moveLeads": ("to_campaign_id", "to_list_id"),
    "createLead": ("campaign", "list_id"),
    "bulkAddLeads": ("campaign_id", "list_id"),
}
"""The parameters of what adds leads that name where."""


class _Way(Enum):
    INTO = "into"
    OUT_OF = "out of"


@frozen
class _Moving:
    """A job that moves leads into or out of a place.

    :param place: a campaign or a list; empty for a selection from the whole workspace.
    """

    workspace_key: str
    way: _Way
    place: str
    job: str


@define(eq=False)
class Moves:
    """The jobs that move leads, until they are known to have ended.

    Each is kept with the clock seconds at which it was started.
    """

    _under_way: OrderedDict[_Moving, float] = field(factory=OrderedDict, init=False)

    def note(self, act: Act, reply: Json, now: float) -> None:
        """Remember the job that a write has started.

        :param now: in clock seconds.
        """
        job = as_object(reply).get("id")
        if act.operation.id != "moveLeads" or not isinstance(job, str):
            return
        for place in _places(act.arguments, _DESTINATIONS["moveLeads"]):
            moving = _Moving(act.workspace_key, _Way.INTO, place, job)
            self._under_way[moving] = now
        if act.consent is not None:
            for place in _places(act.arguments, _SOURCES) or {""}:
                moving = _Moving(act.workspace_key, _Way.OUT_OF, place, job)
                self._under_way[moving] = now
        while len(self._under_way) > MAX_JOBS:
            self._under_way.popitem(last=False)

    async def require_arrived(self, subject: WriteSubject) -> None:
        """Check that all leads have arrived at what a write acts on as a whole.

        :raises AccessRefusedError: when some are on their way, or that is not known.
        """
        if subject.operation.id in ALONE:
            places = _places(subject.arguments, _WHOLE)
            await self._require_ended(subject, _Way.INTO, places)

    async def require_left(self, subject: WriteSubject) -> None:
        """Check that a write neither adds to nor changes leads that are moved.

        That is about moves with a consent, whose preview was about these leads.

        :raises AccessRefusedError: when such a move is under way, or that is not known.
        """
        names = _DESTINATIONS.get(subject.operation.id)
        if not self._under_way or (names is None and not _changes_a_lead(subject)):
            return
        given: JsonObject | None = subject.arguments
        if names is None:
            names = _SOURCES
            given = await subject.read("getLead", {"id": subject.arguments["id"]})
        places = {*_places(given or {}, names), ""}
        await self._require_ended(subject, _Way.OUT_OF, places)

    async def _require_ended(
        self, subject: WriteSubject, way: _Way, places: Collection[str]
    ) -> None:
        for moving in list(self._in(subject, way, places)):
            if not await self._has_ended(subject, moving):
                raise _on_their_way(moving)
            self._under_way.pop(moving, None)

    def _in(
        self, subject: WriteSubject, way: _Way, places: Collection[str]
    ) -> Iterator[_Moving]:
        workspace = subject.call.credential.workspace_key
        yield from (
            each
            for each in self._under_way
            if (each.workspace_key, each.way) == (workspace, way)
            and each.place in places
        )

    async def _has_ended(self, subject: WriteSubject, moving: _Moving) -> bool:
        context = subject.context
        asked: JsonObject = {"id": moving.job}
        try:
            reply = await context.look_up("getBackgroundJob", asked, subject.call)
        except ApiError as error:
            if error.reason is Reason.NOT_FOUND:
                return True
            begun = self._under_way.get(moving, 0.0)
            return context.clock.seconds() - begun > UNREADABLE_SECONDS
        return bool(job_of(reply)["ended"])


def _changes_a_lead(subject: WriteSubject) -> bool:
    return subject.operation.id == "patchLead"


def _places(arguments: JsonObject, names: Collection[str]) -> set[str]:
    given = (arguments.get(name) for name in names)
    return {each for each in given if isinstance(each, str) and each}


def _on_their_way(moving: _Moving) -> AccessRefusedError:
    return AccessRefusedError(
        BUSY,
        f"Leads are still being moved {moving.way.value} it. Nothing was sent.",
        "Call it again with the same arguments when get_background_job shows that "
        "this job has ended.",
        job=moving.job,
    )
