"""Completion of argument values: ids found by name, addresses, time zones.

The names of a workspace are read once and cached for two minutes, separately for each
principal. When Instantly fails, a completion is empty, because a person who is typing
cannot act on an error; only an overload of this server is reported.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias
from zoneinfo import available_timezones

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from .._deferred import deferred
from .._json_codec import JsonObject
from ..api.errors import ApiError, Reason
from ..catalog.index import OPERATIONS
from ..catalog.timezones import TIMEZONES
from ..protocol.calls.call import Call
from .results import MAX_WAITING_REQUESTS, overload_error, too_many_waiting
from .workspace.context import FeatureContext
from .workspace.fetching import read_pages

CACHE_SECONDS = 120.0
"""Seconds for which names are cached."""

FAILURE_CACHE_SECONDS = 10.0
"""Seconds until a failed read is repeated: clients ask with every letter typed."""

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
MAX_PAGES = 5
"""Pages of 100 objects that are read for the cache."""

MAX_CACHED_LISTS = 200
MAX_VALUES = 1000


@frozen
class Completion:
    """One possible completion.

    :param value: what is inserted.
    :param name: what people type; for an address, the address itself.
    """

    value: str
    name: str


Completions: TypeAlias = Sequence[Completion]


@frozen(kw_only=True)
class ObjectKind:
    """One kind of object that can be found by name.

    :param name: what messages call it.
    :param operation: the operation that lists such objects.
    :param completion_of: returns the completion of a listed item, or ``None``.
    :param searches: the operation takes ``search``, which finds what the first pages
        of a large workspace do not hold.
    :param given: further arguments of the operation.
    """

    name: str
    operation: str
    completion_of: Callable[[JsonObject], Completion | None]
    searches: bool = True
    given: JsonObject = field(factory=dict)


def _named(item: JsonObject) -> Completion | None:
    id = item.get("id")
    return Completion(str(id), str(item.get("name") or id)) if id else None


def _address(item: JsonObject) -> Completion | None:
    email = item.get("email")
    return Completion(str(email), str(email)) if email else None


def _job(item: JsonObject) -> Completion | None:
    id = item.get("id")
    said = f"{item.get('type')} {item.get('status')}"
    return Completion(str(id), said) if id else None


CAMPAIGNS = ObjectKind(name="campaign", operation="listCampaign", completion_of=_named)
LEAD_LISTS = ObjectKind(name="list", operation="listLeadList", completion_of=_named)
ACCOUNTS = ObjectKind(name="account", operation="listAccount", completion_of=_address)
JOBS = ObjectKind(
    name="job",
    operation="listBackgroundJob",
    completion_of=_job,
    searches=False,
    given={"sort_column": "created_at", "sort_order": "desc"},
)

_Key: TypeAlias = tuple[str, str, str]


@frozen
class _CachedNames:
    entries: Completions
    complete: bool
    until: float


@define(eq=False)
class NameCache:
    """A cache of names, read on first use.

    :param most: the number of lists to keep; the least recently used is dropped.
    """

    context: FeatureContext
    most: int = MAX_CACHED_LISTS
    log: Logger = field(factory=Logger, init=False)
    _held: OrderedDict[_Key, _CachedNames] = field(factory=OrderedDict, init=False)
    _waiting: dict[_Key, list[Deferred[_CachedNames]]] = field(factory=dict, init=False)

    async def matching(self, kind: ObjectKind, typed: str, call: Call) -> Completions:
        """Return what matches the typed text, searching beyond the cache if needed."""
        held = await self._entries(kind, "", call)
        found = matches(held.entries, typed)
        if held.complete or found or not typed.strip() or not kind.searches:
            return found
        searched = await self._entries(kind, typed.strip().lower(), call)
        return matches(searched.entries, typed)

    async def id_of(self, kind: ObjectKind, given: str, call: Call) -> str:
        """Return the id of the object with this name, or the text itself as an id.

        Upper and lower case are the same. A name that several objects share is not
        resolved.
        """
        text = given.strip()
        if UUID.fullmatch(text):
            return text
        wanted = text.lower()
        found = await self.matching(kind, text, call)
        if any(entry.value == text for entry in found):
            return text
        exact = {entry.value for entry in found if entry.name.lower() == wanted}
        if len(exact) == 1:
            return exact.pop()
        several = {entry.value for entry in found}
        return several.pop() if len(several) == 1 else text

    def _entries(
        self, kind: ObjectKind, search: str, call: Call
    ) -> Deferred[_CachedNames]:
        """Return the cached names, or wait for the one read that is under way.

        Cancelling the returned Deferred does not stop the read: others may wait for it.

        :raises ApiError: (or fails with it) when this server is overloaded.
        """
        key = (call.caller.principal, kind.name, search)
        held = self._held.get(key)
        if held is not None and held.until > self.context.clock.seconds():
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
        now = self.context.clock.seconds
        try:
            pages = 1 if search else MAX_PAGES
            items, complete = await read_pages(
                self.context, kind.operation, given, call, pages
            )
        except ApiError as error:
            if error.reason is Reason.OVERLOADED:
                raise
            return _CachedNames((), True, now() + FAILURE_CACHE_SECONDS)
        entries = tuple(filter(None, map(kind.completion_of, items)))
        return _CachedNames(entries, complete, now() + CACHE_SECONDS)

    def _share(self, outcome: _CachedNames | Failure, key: _Key) -> None:
        waiting = self._waiting.pop(key)
        if isinstance(outcome, Failure) and outcome.check(ApiError):
            for waiter in waiting:
                if not waiter.called:
                    waiter.errback(outcome)
            return
        if isinstance(outcome, Failure):
            self.log.failure("Reading names failed", failure=outcome)
            outcome = _CachedNames((), True, 0.0)
        self._held[key] = outcome
        self._held.move_to_end(key)
        if len(self._held) > self.most:
            self._held.popitem(last=False)
        for waiter in waiting:
            if not waiter.called:
                waiter.callback(outcome)


def matches(entries: Iterable[Completion], typed: str) -> Completions:
    """Return the entries that start with the text, then those that contain it."""
    wanted = typed.strip().lower()
    first, then = [], []
    for entry in entries:
        name, value = entry.name.lower(), entry.value.lower()
        if name.startswith(wanted) or value.startswith(wanted):
            first.append(entry)
        elif wanted in name or wanted in value:
            then.append(entry)
    return [*first, *then]


@frozen
class Completer:
    """Completes a value with objects of one kind."""

    names: NameCache
    kind: ObjectKind

    @deferred
    async def __call__(
        self, typed: str, known: Mapping[str, str], call: Call
    ) -> Sequence[str]:
        try:
            found = await self.names.matching(self.kind, typed, call)
        except ApiError as error:
            raise overload_error(error) or error from error
        return [entry.value for entry in found[:MAX_VALUES]]


@frozen
class SeveralCompleter:
    """Completes the last of several values separated by commas."""

    one: Completer

    @deferred
    async def __call__(
        self, typed: str, known: Mapping[str, str], call: Call
    ) -> Sequence[str]:
        before, comma, last = typed.rpartition(",")
        found = await self.one(last, known, call)
        return [f"{before}{comma}{value}" for value in found]


@frozen
class WordCompleter:
    """Completes a value from a fixed list of words."""

    words: Callable[[], Iterable[str]]

    @deferred
    async def __call__(
        self, typed: str, known: Mapping[str, str], call: Call
    ) -> Sequence[str]:
        entries = [Completion(word, word) for word in self.words()]
        return [entry.value for entry in matches(entries, typed)]


def operation_ids() -> Sequence[str]:
    """Return the ids of all operations in the catalog, sorted."""
    return sorted(each.id for each in OPERATIONS)


@define(eq=False)
class TimezoneNames:
    """All IANA names of this machine's time zone database, read once."""

    _names: Sequence[str] = ()

    def __call__(self) -> Sequence[str]:
        """Return the names, sorted."""
        if not self._names:
            self._names = sorted({*available_timezones(), *TIMEZONES})
        return self._names
