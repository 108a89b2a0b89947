"""The names of campaigns, lead lists and accounts: which id a name stands for.

Models often give a name where an id is wanted. Instantly answers such a call with an
empty page, which reads like a result, so a name is resolved here before anything is
sent, by one rule for tools, resources and prompts:

- a text in the form of an id is an id, and costs no call;
- a name that exactly one object has (upper and lower case are the same) is its id;
- anything else is refused, with the objects whose names are closest.

Names are read on first use and cached for two minutes, separately for each principal.
A name that is not in the cache is read once more. A call that changes something never
trusts the cache: the object could have been renamed, and another one have its name now.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import TypeAlias

from attrs import define, evolve, field, frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from ...._deferred import deferred
from ...._object_ids import UUID
from ....api.errors import ApiError, Reason
from ....protocol.calls.call import Call
from ...results import MAX_WAITING_REQUESTS, CallRefusedError, too_many_waiting
from ..names import (
    MAX_SHOWN_CHARS,
    WITH_IDS,
    Completions,
    ObjectKind,
    closest,
    matches,
    next_step,
    plain_name,
    what_names,
)
from ..paging import Fetch, read_pages

CACHE_SECONDS = 120.0
"""Seconds for which names are cached."""

FAILURE_CACHE_SECONDS = 10.0
"""Seconds until a failed read is repeated: clients ask with every letter typed."""

NOT_AN_ID = frozenset({Reason.NOT_FOUND, Reason.INVALID_REQUEST, Reason.BAD_ARGUMENT})
"""How a read fails when nothing has the given id."""

MAX_PAGES = 5
"""Pages of 100 objects that are read for the cache."""

MAX_CACHED_LISTS = 200
MAX_CANDIDATES = 5
"""Most objects that a refusal proposes."""

_Key: TypeAlias = tuple[str, str, str]


@frozen
class _CachedNames:
    entries: Completions
    complete: bool
    until: float
    failure: ApiError | None = None


@define(eq=False)
class NameCache:
    """A cache of names, read on first use.

    :param fetch: executes an operation that lists objects.
    :param most: the number of lists to keep; the least recently used is dropped.
    :param trusted: texts of this form count as ids of every kind, without a look-up.
    """

    fetch: Fetch
    clock: IReactorTime
    most: int = MAX_CACHED_LISTS
    trusted: re.Pattern[str] | None = None
    log: Logger = field(factory=Logger, init=False)
    _held: OrderedDict[_Key, _CachedNames] = field(factory=OrderedDict, init=False)
    _waiting: dict[_Key, list[Deferred[_CachedNames]]] = field(factory=dict, init=False)

    async def matching(self, kind: ObjectKind, typed: str, call: Call) -> Completions:
        """Return what matches the typed text, searching beyond the cache if needed.

        :returns: nothing when the names cannot be read.
        :raises ApiError: when this server is overloaded.
        """
        held = await self._entries(kind, "", call)
        found = matches(held.entries, typed)
        if held.complete or found or not typed.strip() or not kind.searches:
            return found
        searched = await self._entries(kind, typed.strip().lower(), call)
        return matches(searched.entries, typed)

    def is_id(self, kind: ObjectKind, given: str) -> bool:
        """Return whether a text is used as an id without a look-up."""
        if kind.id_form.fullmatch(given.strip()):
            return True
        return bool(self.trusted and self.trusted.fullmatch(given.strip()))

    async def id_of(
        self, kind: ObjectKind, given: str, call: Call, *, fresh: bool = False
    ) -> str:
        """Return the id that a text means: an id itself, or the name of one object.

        :param fresh: do not trust the cache, because the call changes something.
        :raises CallRefusedError: ``not_found``, with up to `MAX_CANDIDATES` objects.
        :raises ApiError: when the names cannot be read, with that as the message.
        """
        found = await self.find(kind, given, call, fresh=fresh)
        if len(found) == 1:
            return found[0]
        raise await self.refusal(kind, given, call)

    async def find(
        self, kind: ObjectKind, given: str, call: Call, *, fresh: bool = False
    ) -> Sequence[str]:
        """Return the ids of all objects with this id or name.

        :param fresh: do not trust the cache, because the call changes something.
        :raises ApiError: when the names cannot be read.
        """
        if self.is_id(kind, given):
            return [given.strip()]
        cached = self._cached(kind, "", call)
        if fresh or (cached is not None and cached.failure is not None):
            self._forget(kind, given, call)
            cached = None
        found = await self._called(kind, given, call)
        if not found and cached is not None:
            self._forget(kind, given, call)
            found = await self._called(kind, given, call)
        return found

    async def refusal(
        self, kind: ObjectKind, given: str, call: Call
    ) -> CallRefusedError:
        """Return the refusal of a text that names no object of this kind, or several.

        Without names it has no candidates.

        :raises CallRefusedError: when the caller's token has ended.
        """
        wanted = plain_name(given)
        if self.is_id(kind, given):
            # It may have been deleted, or not exist yet, when the names were read.
            self._forget(kind, given, call)
        try:
            held = await self._entries(kind, "", call)
            near = [*await self.matching(kind, given, call), *held.entries]
        except ApiError:
            near = []
        same = [entry for entry in dict.fromkeys(near) if entry.is_called(wanted)]
        shown = same if len(same) > 1 else closest(near, wanted)
        said = f"{given.strip()[:MAX_SHOWN_CHARS]!r}"
        message = f"No {kind.name} has the {what_names(kind)} {said}."
        if len(same) > 1:
            message = f"More than one {kind.name} is called {said}."
        elif (other := await self._kind_of(kind, given, call)) is not None:
            message = f"{said} is the id of a {other.name}, not of a {kind.name}."
        return CallRefusedError(
            "not_found",
            message,
            next_step(kind, bool(shown)),
            candidates=[
                {kind.key: entry.value, "name": (entry.alias or entry.name)[:200]}
                for entry in shown[:MAX_CANDIDATES]
            ],
        )

    async def _kind_of(
        self, kind: ObjectKind, given: str, call: Call
    ) -> ObjectKind | None:
        """Return the other kind of object that has this id, if there is one."""
        id = given.strip()
        if kind not in WITH_IDS or not UUID.fullmatch(id):
            return None
        for other in WITH_IDS:
            if other is kind:
                continue
            try:
                found = await self.fetch(other.reads, {other.key: id}, call)
            except ApiError:
                continue
            if found.get("id") == id:
                return other
        return None

    async def _called(self, kind: ObjectKind, given: str, call: Call) -> Sequence[str]:
        """Return the ids of the objects that have this name, from what is cached."""
        wanted = plain_name(given)
        held = _readable(await self._entries(kind, "", call), kind, given)
        entries = list(held.entries)
        if not held.complete and kind.searches and wanted:
            searched = await self._entries(kind, wanted, call)
            entries += _readable(searched, kind, given).entries
        called = [entry.value for entry in entries if entry.is_called(wanted)]
        return list(dict.fromkeys(called))

    def _cached(self, kind: ObjectKind, search: str, call: Call) -> _CachedNames | None:
        held = self._held.get((call.caller.principal, kind.name, search))
        if held is None or held.until <= self.clock.seconds():
            return None
        return held

    def _forget(self, kind: ObjectKind, given: str, call: Call) -> None:
        for search in ("", plain_name(given)):
            self._held.pop((call.caller.principal, kind.name, search), None)

    def _entries(
        self, kind: ObjectKind, search: str, call: Call
    ) -> Deferred[_CachedNames]:
        """Return the cached names, or wait for the one read that is under way.

        Cancelling the returned Deferred does not stop the read: others may wait for it.

        :raises ApiError: (or fails with it) when this server is overloaded.
        """
        key = (call.caller.principal, kind.name, search)
        held = self._cached(kind, search, call)
        if held is not None:
            self._held.move_to_end(key)
            return succeed(held)
        waiter: Deferred[_CachedNames] = Deferred()
        waiting = self._waiting.get(key)
        if waiting is not None:
            if len(waiting) >= MAX_WAITING_REQUESTS:
                raise too_many_waiting(kind.operation)
            waiting.append(waiter)
            return waiter
        self._waiting[key] = [waiter]
        self._read(kind, search, call).addBoth(self._share, key)
        return waiter

    @deferred
    async def _read(self, kind: ObjectKind, search: str, call: Call) -> _CachedNames:
        given = {**kind.given, "search": search} if search else kind.given
        now = self.clock.seconds
        try:
            items, complete = await read_pages(
                self.fetch, kind.operation, given, call, most=MAX_PAGES
            )
        except ApiError as error:
            if error.reason is Reason.OVERLOADED:
                raise
            return _CachedNames((), True, now() + FAILURE_CACHE_SECONDS, error)
        entries = tuple(filter(None, map(kind.completion_of, items)))
        return _CachedNames(entries, complete, now() + CACHE_SECONDS)

    def _share(self, outcome: _CachedNames | Failure, key: _Key) -> None:
        waiting = self._waiting.pop(key)
        if isinstance(outcome, Failure) and outcome.check(ApiError, CallRefusedError):
            for waiter in waiting:
                if not waiter.called:
                    waiter.errback(outcome)
            return
        if isinstance(outcome, Failure):
            self.log.failure("Reading names failed", failure=outcome)
            failure = ApiError(
                reason=Reason.UNEXPECTED_REPLY,
                message="The list of names could not be read.",
                operation_id=key[1],
            )
            outcome = _CachedNames((), True, 0.0, failure)
        self._held[key] = outcome
        self._held.move_to_end(key)
        if len(self._held) > self.most:
            self._held.popitem(last=False)
        for waiter in waiting:
            if not waiter.called:
                waiter.callback(outcome)


def _readable(held: _CachedNames, kind: ObjectKind, given: str) -> _CachedNames:
    """Return the names, or raise why they could not be read."""
    if held.failure is None:
        return held
    why = held.failure
    shown = given.strip()[:MAX_SHOWN_CHARS]
    said = f"{shown!r} is not an id, and looking up a {kind.name} of this name failed: "
    raise evolve(why, message=said + why.message)
