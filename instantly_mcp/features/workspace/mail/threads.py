"""The mails of threads."""

from __future__ import annotations

from collections.abc import Iterable

from ...._json_codec import JsonObject
from ....api.errors import ApiError, Reason
from ....protocol.calls.call import Call
from ..context import FeatureContext
from ..reply_values import as_list

MAX_MAILS = 50
"""Most mails of a thread that are read, the newest ones."""

MAX_TEXT_CHARACTERS = 4_000
"""Most characters that are shown of each."""


MAX_LISTED = 100
"""Most mails that Instantly lists at once."""


def newest_of_threads(mails: Iterable[JsonObject]) -> list[JsonObject]:
    """Return the first mail of each thread, in the given order.

    :param mails: newest first.
    """
    first: dict[str, JsonObject] = {}
    for mail in mails:
        first.setdefault(str(mail.get("thread_id") or mail.get("id")), mail)
    return list(first.values())


async def mails_of(
    context: FeatureContext, thread_id: str, call: Call
) -> tuple[list[JsonObject], bool]:
    """Return the newest mails of a thread, oldest first, and whether older ones exist.

    :raises ApiError: not found, when the thread has no mails.
    """
    asked = {"search": f"thread:{thread_id}", "limit": MAX_MAILS, "sort_order": "desc"}
    reply = await context.fetch("listEmail", asked, call)
    mails: list[JsonObject] = [
        mail for mail in as_list(reply.get("items")) if isinstance(mail, dict)
    ]
    if not mails:
        raise ApiError(
            reason=Reason.NOT_FOUND,
            message="There is no such thread.",
            operation_id="listEmail",
        )
    more = len(mails) == MAX_MAILS and bool(reply.get("next_starting_after"))
    return mails[::-1], more
