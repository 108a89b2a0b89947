"""Concurrent calls of which some may fail."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen
from twisted.internet.defer import Deferred, FirstError, gatherResults
from twisted.python.failure import Failure

from ..._deferred import reraise
from ..._json_codec import Json, JsonObject
from ...api.errors import ApiError, Reason
from ..results import error_object
from .reply_values import as_list, as_object


@frozen
class Gathered:
    """The replies of several calls by name, and the failures of the others."""

    replies: Mapping[str, Json]
    failures: Mapping[str, ApiError]

    def object(self, name: str) -> JsonObject:
        """Return a reply that is an object; empty if it is missing or another type."""
        reply = self.replies.get(name)
        return as_object(reply)

    def items(self, name: str) -> list[JsonObject]:
        """Return the objects of a list reply, which may be a page or a plain list."""
        reply = self.replies.get(name)
        if isinstance(reply, dict):
            reply = reply.get("items")
        return [item for item in as_list(reply) if isinstance(item, dict)]

    def has(self, name: str) -> bool:
        """Return whether this call succeeded."""
        return name in self.replies

    def unknown(self) -> JsonObject:
        """Return the error objects of the failed calls, by name."""
        return {name: error_object(error) for name, error in self.failures.items()}


async def gather(works: Mapping[str, Deferred[Json]]) -> Gathered:
    """Wait for all calls; collect failed calls, and raise any other exception.

    :raises ApiError: when a call was refused because this server is overloaded; the
        client can then repeat the whole request.
    """
    kept = [work.addErrback(_kept) for work in works.values()]
    try:
        outcomes = await gatherResults(kept, consumeErrors=True)
    except FirstError as first:
        reraise(first.subFailure)
    for outcome in outcomes:
        if isinstance(outcome, ApiError) and outcome.reason is Reason.OVERLOADED:
            raise outcome
    named = dict(zip(works, outcomes, strict=True))
    return Gathered(
        {name: each for name, each in named.items() if not isinstance(each, ApiError)},
        {name: each for name, each in named.items() if isinstance(each, ApiError)},
    )


def _kept(failure: Failure) -> ApiError:
    failure.trap(ApiError)
    assert isinstance(failure.value, ApiError)
    return failure.value
