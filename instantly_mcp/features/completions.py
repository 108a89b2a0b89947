"""Completion of argument values: ids found by name, addresses, time zones.

When Instantly fails, a completion is empty, because a person who is typing cannot act
on an error. Only an overload of this server and the end of a token are reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from zoneinfo import available_timezones

from attrs import define, frozen

from .._deferred import deferred
from ..api.errors import ApiError
from ..catalog.index import OPERATIONS
from ..catalog.timezones import TIMEZONES
from ..protocol.calls.call import Call
from .results import CallRefusedError, protocol_error, refusal_error
from .workspace.memory.name_cache import NameCache
from .workspace.names import Completion, ObjectKind, matches

MAX_VALUES = 1000


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
            raise protocol_error(error) from error
        except CallRefusedError as refusal:
            raise refusal_error(refusal) from refusal
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
