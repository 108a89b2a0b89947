"""The content of one simulated workspace, and its agenda.

A world can be stored as a whole (`StoredWorld`): what its agenda holds are functions of
modules with their arguments, not closures.

Nothing happens between two calls. `World.advance` then runs everything that is due, in
order of time, so that many small steps and one large one lead to the same world.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from heapq import heappop, heappush
from typing import Concatenate, ParamSpec

from attrs import Factory, define, field, frozen

from .ids import IdSource, fixed_id
from .records import Account, ApiObject, Campaign, Job, Lead, Verification
from .timeline import format_time

P = ParamSpec("P")

MAX_OUTBOX_MAILS = 10_000
INITIAL_CREDITS = 10_000


@define(eq=False)
class World:
    """Everything that one workspace contains.

    :param seed: decides every random choice and, together with `id_salt`, every id.
    :param id_salt: worlds with the same seed and different salts have different ids.
    :param now: the moment up to which everything has happened, in seconds since 1970.
    :param verified_resources: the lists and campaigns whose leads were verified.
    :param name: the name of the workspace.
    :param attack: a text that error messages and names of the workspace end with.
    :param pending_changes: changes that calls have started without a background job.
    :param live: whether mail goes to the outbox; false while the seeded past is made.
    """

    seed: str
    now: float
    id: str = ""
    live: bool = True
    id_salt: str = ""
    name: str = "Sandbox"
    attack: str = ""
    ids: IdSource = field(init=False)
    accounts: dict[str, Account] = Factory(dict)
    campaigns: dict[str, Campaign] = Factory(dict)
    leads: dict[str, Lead] = Factory(dict)
    lists: dict[str, ApiObject] = Factory(dict)
    emails: dict[str, ApiObject] = Factory(dict)
    threads: dict[str, list[str]] = Factory(dict)
    jobs: dict[str, Job] = Factory(dict)
    verifications: dict[str, Verification] = Factory(dict)
    verified_resources: set[str] = Factory(set)
    credits: int = INITIAL_CREDITS
    pending_changes: int = 0
    outbox: deque[ApiObject] = field(init=False)
    user_id: str = field(init=False)
    _members: dict[str, dict[str, Lead]] = field(init=False, factory=dict)
    _agenda: list[tuple[float, int, Callable[[], None]]] = field(
        init=False, factory=list
    )
    _scheduled_count: int = field(init=False, default=0)
    _last_timestamp: tuple[float, str] = field(init=False, default=(0.0, ""))

    def __attrs_post_init__(self) -> None:
        """Derive ids from the seed where the caller gave none."""
        self.id = self.id or self.fixed_id("workspace")
        self.user_id = self.fixed_id("user")
        self.ids = IdSource(self.seed + self.id_salt)
        self.outbox = deque(maxlen=MAX_OUTBOX_MAILS)

    def fixed_id(self, name: str) -> str:
        """Return the id of something that exists only once in this world."""
        return fixed_id(self.seed + self.id_salt, name)

    def new_id(self) -> str:
        """Return an id for something that is created now."""
        return self.ids.next(self.now)

    def timestamp(self) -> str:
        """Return the present moment as the API writes it."""
        if self._last_timestamp[0] != self.now:
            self._last_timestamp = (self.now, format_time(self.now))
        return self._last_timestamp[1]

    def call_at(
        self,
        when: float,
        action: Callable[Concatenate[World, P], None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Put a function on the agenda.

        :param when: seconds since 1970; if that is past, it runs at the next `advance`.
        :param action: is called with this world and the other arguments.
        """
        self._scheduled_count += 1
        run: Callable[[], None] = partial(action, self, *args, **kwargs)
        heappush(self._agenda, (when, self._scheduled_count, run))

    def advance(self, now: float) -> None:
        """Run everything on the agenda that is due by `now`, in order of time."""
        agenda = self._agenda
        while agenda and agenda[0][0] <= now:
            when, _, action = heappop(agenda)
            self.now = max(self.now, when)
            action()
        self.now = max(self.now, now)

    def members(self, place: str) -> dict[str, Lead]:
        """Return the leads of a campaign or list, by id."""
        return self._members.get(place, {})

    def members_in_order(self, place: str) -> list[Lead]:
        """Return the leads of a campaign or list, oldest first."""
        members = self.members(place)
        return [members[id] for id in sorted(members)]

    def all_leads(self) -> Iterable[Lead]:
        """Return all leads, oldest first."""
        return self.leads.values()

    def add_lead(self, lead: Lead) -> None:
        """Add a lead to the campaign or list that its `shown` names."""
        self.leads[lead.id] = lead
        for place in places_of(lead):
            self._members.setdefault(place, {})[lead.id] = lead

    def campaign_of(self, lead: Lead) -> Campaign | None:
        """Return the campaign that a lead is in."""
        return self.campaigns.get(lead.shown.get("campaign") or "")

    def remove_lead(self, lead: Lead) -> None:
        """Delete a lead."""
        del self.leads[lead.id]
        self._leave(lead)

    def move_lead(self, lead: Lead, campaign: str | None, list_id: str | None) -> None:
        """Move a lead to another campaign or list."""
        self._leave(lead)
        for name, place in (("campaign", campaign), ("list_id", list_id)):
            if place is None:
                lead.shown.pop(name, None)
            else:
                lead.shown[name] = place
                self._members.setdefault(place, {})[lead.id] = lead

    def add_email(self, email: ApiObject) -> None:
        """Add an e-mail to its thread."""
        self.emails[email["id"]] = email
        self.threads.setdefault(email["thread_id"], []).append(email["id"])

    def _leave(self, lead: Lead) -> None:
        for place in places_of(lead):
            self._members.get(place, {}).pop(lead.id, None)


def places_of(lead: Lead) -> tuple[str, ...]:
    """Return the ids of the campaign and the list that a lead is in."""
    found = (lead.shown.get("campaign"), lead.shown.get("list_id"))
    return tuple(place for place in found if place)


@frozen
class StoredWorld:
    """A world as it was at one moment."""

    pickled: bytes = field(repr=False)

    @classmethod
    def of(cls, world: World) -> StoredWorld:
        """Store a world; changes that follow do not reach what is stored."""
        return cls(pickle.dumps(world, pickle.HIGHEST_PROTOCOL))

    def restored(self) -> World:
        """Return a world that shares nothing with any other."""
        world: World = pickle.loads(self.pickled)
        return world
