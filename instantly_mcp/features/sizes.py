"""Limits for the size of results, in bytes of JSON; four are about one token.

A result that is too large would fill a model's context, or is not read at all. A list
keeps the items that fit, with a cursor to go on; other values lose the end of long
texts and lists. A notice says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from .._json_codec import Json, JsonObject, dumps
from .untrusted.cleaning import cut_note
from .untrusted.fence import shown_size
from .untrusted.marking import cut_with_marks

MAX_RESULT_BYTES = 48_000
"""The largest structured result: about 12,000 tokens. Claude Code 2.1 shows its model
only the first 2 kB of a structured result beyond 50,000 characters."""

MAX_DEFAULT_PAGE_BYTES = 16_000
"""The largest page of a list whose caller named no ``limit``: at most 6,000 tokens of
OpenAI's o200k, which needs up to 1.5 times as many as one for four characters, because
ids and times have many."""

RESERVE_BYTES = 1_000
"""Bytes reserved for the page, its cursor and the notice."""

CursorOf: TypeAlias = Callable[[JsonObject, JsonObject], str | None]
"""Returns the cursor after an item, from the item and the call's arguments."""


def cut_to_size(
    value: Json,
    arguments: JsonObject,
    cursor_of: CursorOf | None = None,
    largest: int = MAX_RESULT_BYTES,
) -> tuple[Json, bytes]:
    """Return the value, or a copy cut to the limit with a notice; and its JSON.

    The JSON is encoded anyway, to measure it, so callers can use it.

    :param cursor_of: makes the cursor after the last item that is kept.
    :param largest: the limit in bytes.
    """
    encoded = dumps(value)
    if shown_size(encoded) <= largest:
        return value, encoded
    if isinstance(value, dict):
        value = _fewer_items(value, arguments, cursor_of, largest)
    for longest, most in ((20_000, 500), (5_000, 100), (1_000, 25), (200, 5)):
        encoded = dumps(value)
        if shown_size(encoded) <= largest:
            return value, encoded
        value = _with_notice(_shorter(value, longest, most), largest)
    return value, dumps(value)


def _fewer_items(
    value: JsonObject, arguments: JsonObject, cursor_of: CursorOf | None, largest: int
) -> JsonObject:
    """Keep the items (or rows) that fit, at least one, and say how to go on."""
    paged = isinstance(value.get("page"), dict)
    name = "items" if paged else "rows"
    items = value.get(name)
    if not isinstance(items, list):
        return value
    others = {each: value[each] for each in value if each not in (name, "page")}
    room = largest - RESERVE_BYTES - shown_size(dumps(others))
    kept = 0
    for item in items:
        room -= shown_size(dumps(item)) + 1
        if room < 0 and kept:
            break
        kept += 1
    if kept == len(items):
        return value
    notice = f"{_cut(largest)} {len(items) - kept} {name} are not shown: "
    shown = {**value, name: items[:kept]}
    if not paged:
        return {**shown, "notice": notice + "ask for fewer, by ids or by dates."}
    cursor = cursor_of(items[kept - 1], arguments) if cursor_of else None
    page: dict[str, Json] = {"has_more": True, "returned": kept}
    if cursor is None:
        notice += f"call again with limit {kept}."
    else:
        page["next_cursor"] = cursor
        notice += "continue with next_cursor."
    return {**shown, "page": page, "notice": notice}


def _shorter(value: Json, longest: int, most: int) -> Json:
    """Cut long strings and lists at every level, stating how much was cut."""
    if isinstance(value, str) and len(value) > longest:
        kept = cut_with_marks(value, longest)
        return kept + cut_note(len(value) - longest)
    if isinstance(value, dict):
        return {name: _shorter(each, longest, most) for name, each in value.items()}
    if isinstance(value, list):
        cut = [_shorter(each, longest, most) for each in value[:most]]
        if len(value) > most and isinstance(cut[0], str):
            # Not in a list of objects: clients check results against their schema.
            cut.append(f"[{len(value) - most} more cut]")
        return cut
    return value


def _with_notice(value: Json, largest: int) -> Json:
    if not isinstance(value, dict):
        return value
    return {**value, "notice": value.get("notice", _cut(largest))}


def _cut(largest: int) -> str:
    return f"The result was cut to {largest // 1000} kB."
