"""All simulated workspaces: one for each key that begins with ``sandbox``.

Each workspace has its own world, time, rate limits and faults. Other keys are refused
and never stored.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

from .._noop import noop
from .agency import Client, client_of
from .errors import SandboxError, bad_request
from .evaluation.cases import start_of
from .evaluation.effects import effects, unfinished_jobs
from .evaluation.start_state import add_all
from .faults import Fault, FaultScript
from .ids import id_salt
from .journal import Journal
from .rate_limits import RateLimits
from .records import ApiObject
from .seed import seeded_world
from .snapshots import Snapshots, Which
from .timeline import Timeline
from .world import StoredWorld, World

KEY_PREFIX = "sandbox"
DEFAULT_KEY = "sandbox"
MAX_KEY_LENGTH = 200
MAX_WORKSPACES = 24
DEFAULT_START = datetime(2026, 11, 2, 9, tzinfo=UTC)
"""A Monday morning. Every world begins then, no matter when it is first used."""
FOREIGN_KEY_MESSAGE = (
    "This is the sandbox; it does not accept Instantly keys and has not stored yours."
)


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@define(eq=False)
class Workspace:
    """A world with its time, its rate limits, its faults and its journal."""

    world: World
    timeline: Timeline
    rate_limits: RateLimits
    faults: FaultScript
    journal: Journal

    def current_world(self) -> World:
        """Bring the world up to date with its time and return it."""
        self.world.advance(self.timeline.now())
        return self.world


@define(eq=False)
class Sandbox:
    """All simulated workspaces.

    :param clock: measures how much time passes; worlds begin at `start`, not at its
        time.
    :param seed: the same seed, key and calls give the same bytes. The worlds of two
        keys have the same people and numbers but different ids.
    :param start: the moment at which every world begins; UTC if it has no time zone.
    :param rate_limited: whether calls beyond the API's rate limits are refused.
    :param prepare: changes each new world, after the start state of its key was added.
        It is called with the key and the world.
    :param first_faults: returns the faults with which the workspace of a key begins.
    :param max_workspaces: how many are kept; beyond it, the least recently used one
        is discarded.
    """

    clock: IReactorTime
    seed: str | int = field(default=42, kw_only=True)
    start: datetime = field(default=DEFAULT_START, kw_only=True, converter=_in_utc)
    rate_limited: bool = field(default=True, kw_only=True)
    max_workspaces: int = field(default=MAX_WORKSPACES, kw_only=True)
    prepare: Callable[[str, World], object] = field(default=noop, kw_only=True)
    first_faults: Callable[[str], Sequence[Fault]] = field(
        default=lambda _: (), kw_only=True
    )
    _workspaces: OrderedDict[Which, Workspace] = field(init=False, factory=OrderedDict)
    _snapshots: Snapshots = field(init=False, factory=Snapshots)

    def workspace(self, key: str, name: str | None = None) -> Workspace:
        """Return the workspace of a key, creating it at its first use.

        :param name: the ``x-as-workspace`` id; each id has its own world.
        :raises SandboxError: 401 for a key that does not begin with ``sandbox``, or is
            revoked; 400 for an overlong id; 403 for a workspace that a key of the
            agency does not reach.
        """
        which, client = self._named(key, name)
        found = self._workspaces.get(which)
        if found is None:
            found = self._new_workspace(which, client)
        self._add(which, found)
        return found

    def shown(self, key: str, name: str | None = None) -> Workspace:
        """Return the workspace of a key to look at it.

        One that does not exist yet is not kept: a page of another site can make a
        browser ask for any number of them, and others would be discarded for these.

        :raises SandboxError: as `workspace` does.
        """
        which, client = self._named(key, name)
        found = self._workspaces.get(which)
        return self._new_workspace(which, client) if found is None else found

    def _add(self, which: Which, workspace: Workspace) -> None:
        """Add a workspace, or note that it is used."""
        self._workspaces[which] = workspace
        self._workspaces.move_to_end(which)
        if len(self._workspaces) > self.max_workspaces:
            self._workspaces.popitem(last=False)

    def _named(self, key: str, name: str | None) -> tuple[Which, Client | None]:
        """Return which workspace a call is for, and the client that owns it, if any.

        :raises SandboxError: as `workspace` does.
        """
        self.check_key(key)
        if name is not None and len(name) > MAX_KEY_LENGTH:
            raise bad_request("x-as-workspace is not a workspace id")
        client = client_of(key, name or "")
        return ((client.key, "") if client else (key, name or "")), client

    def check_key(self, key: str) -> None:
        """Accept only keys that begin with ``sandbox``.

        :raises SandboxError: 401 for any other key; 400 for one that no header carries
            unchanged. A page shows the key in a command to copy, and a terminal may
            act on control characters that are pasted.
        """
        if not key.startswith(KEY_PREFIX) or len(key) > MAX_KEY_LENGTH:
            raise SandboxError(401, FOREIGN_KEY_MESSAGE)
        if not (key.isascii() and key.isprintable()):
            raise bad_request("The key may contain printable ASCII characters only")

    def reset(self, key: str = DEFAULT_KEY, name: str | None = None) -> None:
        """Return a workspace to its first moment, without faults."""
        which = self._named(key, name)[0]
        self._workspaces.pop(which, None)
        self._snapshots.expect_resets(which)

    def snapshot(self, label: str, key: str, name: str | None = None) -> None:
        """Store content, time and faults of a workspace under a label.

        :raises SandboxError: 400 for an unusable label.
        """
        which = self._named(key, name)[0]
        workspace = self.workspace(key, name)
        stored = StoredWorld.of(workspace.current_world())
        self._snapshots.add(which, label, stored, workspace.faults.copy())

    def restore(self, label: str, key: str, name: str | None = None) -> float:
        """Return a workspace to a snapshot. Its journal is empty then.

        :returns: its present moment, in seconds since 1970.
        :raises SandboxError: 404 when there is no snapshot with this label.
        """
        which = self._named(key, name)[0]
        stored, faults = self._snapshots.get(which, label)
        world = stored.restored()
        self._add(which, self._workspace_of(world, world.now, faults.copy()))
        return world.now

    def skip(
        self, seconds: float, key: str = DEFAULT_KEY, name: str | None = None
    ) -> float:
        """Let time pass in one workspace.

        :returns: its present moment, in seconds since 1970.
        """
        workspace = self.workspace(key, name)
        workspace.timeline.skip(seconds)
        return workspace.current_world().now

    def add_fault(
        self, fault: Fault, key: str = DEFAULT_KEY, name: str | None = None
    ) -> None:
        """Add a fault to one workspace."""
        self.workspace(key, name).faults.add(fault)

    def outbox(
        self, key: str = DEFAULT_KEY, name: str | None = None
    ) -> list[ApiObject]:
        """Return the mail that would have been sent, oldest first.

        A workspace that does not exist yet is not created for this.
        """
        found = self._workspaces.get(self._named(key, name)[0])
        return [] if found is None else list(found.current_world().outbox)

    def outbox_json(self, key: str = DEFAULT_KEY, name: str | None = None) -> ApiObject:
        """Return the outbox as ``GET /sandbox/outbox`` shows it."""
        items = self.outbox(key, name)
        return {"key": key, "count": len(items), "items": items}

    def effects_json(
        self, key: str = DEFAULT_KEY, name: str | None = None
    ) -> ApiObject:
        """Return what callers did to a workspace, as ``GET /sandbox/effects`` shows it.

        A workspace that does not exist yet is not created for this.
        """
        which, client = self._named(key, name)
        found = self._workspaces.get(which)
        shown: ApiObject = {"key": key, "effects": []}
        if found is None:
            return {**shown, "operations": [], "unfinished_jobs": 0}
        world = found.current_world()
        untouched = self._first_world(which, client)
        untouched.advance(world.now)
        return {
            "key": key,
            "effects": effects(untouched, world),
            "operations": found.journal.as_json(),
            "unfinished_jobs": unfinished_jobs(world),
        }

    def calls_json(self, key: str = DEFAULT_KEY, name: str | None = None) -> ApiObject:
        """Return the calls of a workspace, as ``GET /sandbox/calls`` shows them.

        A workspace that does not exist yet is not created for this.
        """
        found = self._workspaces.get(self._named(key, name)[0])
        journal = Journal() if found is None else found.journal
        items = journal.calls_as_json()
        shown: ApiObject = {"key": key, "count": len(items), "items": items}
        if journal.forgotten_calls:
            shown["forgotten"] = journal.forgotten_calls
        return shown

    def _new_workspace(self, which: Which, client: Client | None) -> Workspace:
        faults = FaultScript()
        for fault in self.first_faults(which[0]):
            faults.add(fault)
        world = self._first_world(which, client)
        return self._workspace_of(world, self.start.timestamp(), faults)

    def _workspace_of(self, world: World, now: float, faults: FaultScript) -> Workspace:
        timeline = Timeline(self.clock, now)
        return Workspace(world, timeline, RateLimits(), faults, Journal())

    def _first_world(self, which: Which, client: Client | None) -> World:
        """Return the world in which a workspace begins; it is the same every time."""
        stored = self._snapshots.first(which)
        if stored is not None:
            return stored.restored()
        world = self._seeded_world(*which, client)
        if self._snapshots.wants(which):
            self._snapshots.seeded(which, StoredWorld.of(world))
        return world

    def _seeded_world(self, key: str, name: str, client: Client | None) -> World:
        plain = key == DEFAULT_KEY and not name
        salt = "" if plain else id_salt(key, name)
        start = self.start.timestamp()
        id = client.id if client else name
        world = seeded_world(str(self.seed), start, id, salt)
        if client is not None:
            client.mark(world)
        add_all(world, start_of(key))
        self.prepare(key, world)
        return world
