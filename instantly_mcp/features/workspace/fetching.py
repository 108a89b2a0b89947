"""Several calls at once, of which some may fail: what is known, and what is not."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen
from twisted.internet.defer import Deferred, FirstError, gatherResults
from twisted.python.failure import Failure

from ..._deferred import reraise
from ..._json_codec import Json, JsonObject
from ...api.errors import ApiError, Reason
from ...protocol.calls.call import Call
from ..results import error_object
from .context import Bench


@frozen
class Gathered:
    """Replies by name, and the failures of those that did not come."""

    replies: Mapping[str, Json]
    failures: Mapping[str, ApiError]

    def object(self, name: str) -> JsonObject:
        """Return a reply that is an object; empty when it is none, or missing."""
        reply = self.replies.get(name)
        return reply if isinstance(reply, dict) else {}

    def items(self, name: str) -> list[JsonObject]:
        """Return the objects of a list reply, with or without a page around them."""
        reply = self.replies.get(name)
        if isinstance(reply, dict):
            reply = reply.get("items")
        found = reply if isinstance(reply, list) else []
        return [item for item in found if isinstance(item, dict)]

    def has(self, name: str) -> bool:
        """Say whether this part is known."""
        return name in self.replies

    def unknown(self) -> JsonObject:
        """Describe what is not known, by name: why, and what to do."""
        return {name: error_object(error) for name, error in self.failures.items()}


async def gather(works: Mapping[str, Deferred[Json]]) -> Gathered:
    """Wait for all of them; a failed call is a fact, a bug is raised.

    :raises ApiError: when one was refused because this server is overloaded: that
        refuses the whole request, which can be repeated as it is.
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


async def read_pages(
    bench: Bench, operation_id: str, given: JsonObject, call: Call, most: int
) -> tuple[list[JsonObject], bool]:
    """Read a list page by page, at most so many; say whether that was all of it."""
    found: list[JsonObject] = []
    cursor: Json = None
    for _ in range(most):
        asked = {**given, "limit": 100}
        if cursor is not None:
            asked["starting_after"] = cursor
        reply = await bench.fetch(operation_id, asked, call)
        items = [each for each in reply.get("items") or () if isinstance(each, dict)]
        found += items
        following = reply.get("next_starting_after")
        if not items or not following or following == cursor:
            return found, True
        cursor = following
    return found, False


def _kept(failure: Failure) -> Json:
    failure.trap(ApiError)
    return failure.value
