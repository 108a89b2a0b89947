"""Pages of lists: ``{items, next_starting_after?}``.

As in the real API, a full page has a cursor even when nothing follows it; readers stop
at an empty page. The cursor is the key of the page's last item, so that a page can be
read even after that item was deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from .errors import bad_request
from .records import ApiObject

DEFAULT_PAGE_SIZE = 10
_ID_DASHES = 4


def page_after_key(
    items: Iterable[ApiObject],
    limit: int | None,
    after: str | None,
    key: Callable[[ApiObject], str],
    *,
    descending: bool = False,
) -> ApiObject:
    """Return the page that follows a cursor.

    :param items: sorted by `key`.
    :param after: the cursor, ``None`` for the first page.
    """
    if after is not None:
        cursor = after
        if descending:
            items = (item for item in items if key(item) < cursor)
        else:
            items = (item for item in items if key(item) > cursor)
    return page_reply(list(islice(items, limit or DEFAULT_PAGE_SIZE)), limit, key)


def page_after_item(
    items: Sequence[ApiObject],
    limit: int | None,
    after: str | None,
    key: Callable[[ApiObject], str],
) -> ApiObject:
    """Return the page after the item whose key is the cursor, in any order of items."""
    start = 0
    if after is not None:
        keys = [key(item) for item in items]
        start = keys.index(after) + 1 if after in keys else len(items)
    return page_reply(
        list(items[start : start + (limit or DEFAULT_PAGE_SIZE)]), limit, key
    )


def page_reply(
    found: list[ApiObject], limit: int | None, key: Callable[[ApiObject], str]
) -> ApiObject:
    """Return the reply for one page; a full page gets a cursor."""
    reply: ApiObject = {"items": found}
    if found and len(found) == (limit or DEFAULT_PAGE_SIZE):
        reply["next_starting_after"] = key(found[-1])
    return reply


def by_id(item: ApiObject) -> str:
    """Return an item's id, the cursor of most lists."""
    return str(item["id"])


def id_cursor(text: str | None) -> str | None:
    """Return a cursor that must be an id.

    :raises SandboxError: 400 when it is anything else, such as an e-mail address.
    """
    if text is not None and (text.count("-") != _ID_DASHES or "@" in text):
        raise bad_request("starting_after must be an id")
    return text
