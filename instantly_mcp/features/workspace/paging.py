"""Reading of several pages of a list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from ..._json_codec import Json, JsonObject
from ...protocol.calls.call import Call
from .reply_values import as_list

Fetch: TypeAlias = Callable[[str, JsonObject, Call], Awaitable[JsonObject]]
"""Executes an operation whose reply is an object."""


def never(found: Sequence[JsonObject]) -> bool:
    """Read all pages."""
    return False


async def read_pages(
    fetch: Fetch,
    operation_id: str,
    given: JsonObject,
    call: Call,
    *,
    most: int,
    enough: Callable[[Sequence[JsonObject]], bool] = never,
) -> tuple[list[JsonObject], bool]:
    """Read at most `most` pages of 100 items; return also whether these are all.

    :param enough: whether the items read so far suffice; then no further page is read,
        and they count as all.
    """
    found: list[JsonObject] = []
    cursor: Json = None
    for _ in range(most):
        asked = {**given, "limit": 100}
        if cursor is not None:
            asked["starting_after"] = cursor
        reply = await fetch(operation_id, asked, call)
        items = [each for each in as_list(reply.get("items")) if isinstance(each, dict)]
        found += items
        following = reply.get("next_starting_after")
        if not items or not following or following == cursor or enough(found):
            return found, True
        cursor = following
    return found, False
