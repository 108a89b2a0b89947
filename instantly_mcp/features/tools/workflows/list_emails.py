"""list_emails: received mail by default, one line for each thread.

Instantly's ``latest_of_thread`` leaves out a reply that was answered, because the
latest mail of its thread is the answer. So mail of one kind is grouped here instead:
the newest of each thread is kept. One request reads twice as many mails as lines are
wanted, because it may be called 20 times a minute only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import Factory, define, frozen

from ...._json_codec import Json, JsonObject
from ....catalog.codes import EMAIL_KIND, INTEREST
from ....protocol.calls.call import Call
from ...workspace.context import FeatureContext
from ...workspace.mail.html import one_line
from ...workspace.mail.text import text_of_mail
from ...workspace.mail.threads import MAX_LISTED
from ...workspace.reply_values import as_list

THREAD = "thread:"
NOT_AN_ADDRESS = (
    "search takes an address or thread:<thread_id>, not a name or a text. list_leads "
    "finds the address of a lead by its name."
)

RECEIVED = "received"
ALL = "all"
RECEIVED_CODE = 2

PREVIEW_CHARACTERS = 160
LISTED_CHARACTERS = 5_000
"""Most characters of each mail in a list of whole texts; get_email has all."""

_OWN = frozenset(
    {"limit", "starting_after", "email_type", "latest_of_thread", "unread_first"}
)
"""Arguments of the tool that are not passed on as they are."""

_UNREAD, _READ = "unread:", "read:"
"""How the cursors of the two parts begin, if unread mail comes first."""


@frozen
class _Wish:
    """What a call asks for.

    :param filters: the arguments of the request, without limit and cursor.
    :param grouped: keep the newest mail of each thread only.
    """

    filters: JsonObject
    limit: int
    grouped: bool


@define(eq=False)
class _Lines:
    """The lines of a page.

    :param next: the cursor of the next page, if there is one.
    """

    items: list[JsonObject] = Factory(list)
    threads: set[Json] = Factory(set)
    next: str | None = None


async def list_emails(context: FeatureContext, given: JsonObject, call: Call) -> Json:
    """List received mail, or the mail that the arguments name, newest first."""
    page = await _read(context, given, call)
    search = str(given.get("search") or "@")
    if not page["items"] and "@" not in search and not search.startswith(THREAD):
        page["warnings"] = [NOT_AN_ADDRESS]
    return page


async def _read(
    context: FeatureContext, given: JsonObject, call: Call
) -> dict[str, Json]:
    wish, lines = _wish(given), _Lines()
    after = given.get("starting_after")
    if not given.get("unread_first") or "is_unread" in given:
        await _fill(context, wish, lines, call, after)
        return _page(lines)
    part, _, id = str(after or _UNREAD).partition(":")
    if f"{part}:" == _UNREAD:
        await _fill(context, wish, lines, call, id, unread=True)
        if lines.next is not None:
            lines.next = _UNREAD + lines.next
            return _page(lines)
        id = ""
    await _fill(context, wish, lines, call, id, unread=False)
    if lines.next is not None:
        lines.next = _READ + lines.next
    return _page(lines)


def cursor_after(item: JsonObject, given: JsonObject) -> str | None:
    """Return the cursor after a line of the list."""
    id = item.get("id")
    if id is None or not given.get("unread_first") or "is_unread" in given:
        return id
    return f"{_UNREAD if item.get('unread') else _READ}{id}"


def _wish(given: JsonObject) -> _Wish:
    kind = given.get("email_type")
    whole_thread = str(given.get("search") or "").startswith(THREAD)
    if kind is None:
        shows_all = given.get("mode") == "emode_all" or given.get("scheduled_only")
        kind = ALL if whole_thread or shows_all else RECEIVED
    grouped = bool(given.get("latest_of_thread", not whole_thread))
    filters: dict[str, Json] = {"preview_only": True}
    filters |= {name: given[name] for name in given if name not in _OWN}
    if kind != ALL:
        filters["email_type"] = kind
    elif grouped:
        filters["latest_of_thread"] = True
    return _Wish(filters, int(given["limit"]), grouped)


async def _fill(
    context: FeatureContext,
    wish: _Wish,
    lines: _Lines,
    call: Call,
    after: Json,
    *,
    unread: bool | None = None,
) -> None:
    """Add lines until there are enough, with one request."""
    if len(lines.items) >= wish.limit:
        lines.next = ""
        return
    asked: dict[str, Json] = {**wish.filters}
    asked["limit"] = min(MAX_LISTED, wish.limit * (2 if wish.grouped else 1))
    if unread is not None:
        asked["is_unread"] = unread
    if after:
        asked["starting_after"] = after
    reply = await context.execute("listEmail", asked, call)
    facts = reply if isinstance(reply, dict) else {"items": reply}
    mails = [mail for mail in as_list(facts.get("items")) if isinstance(mail, dict)]
    last = None
    for mail in mails:
        thread = mail.get("thread_id") or mail.get("id")
        is_new = not wish.grouped or not thread or str(thread) not in lines.threads
        if is_new and len(lines.items) >= wish.limit:
            lines.next = last
            return
        if is_new:
            lines.threads.add(str(thread))
            lines.items.append(_line(mail, wish.filters["preview_only"]))
        last = mail.get("id")
    # The cursor of an empty page leads to further empty pages.
    lines.next = facts.get("next_starting_after") if mails else None


def _page(lines: _Lines) -> dict[str, Json]:
    page: dict[str, Json] = {"has_more": lines.next is not None}
    if lines.next is not None:
        page["next_cursor"] = lines.next
    page["returned"] = len(lines.items)
    return {"items": lines.items, "page": page}


def _line(mail: Mapping[str, Any], preview_only: bool) -> JsonObject:
    """Return what a person sees of a mail in the list."""
    shown = {name: value for name, value in _facts(mail) if value is not None}
    if preview_only:
        preview = mail.get("content_preview") or text_of_mail(mail, LISTED_CHARACTERS)
        shown["preview"] = one_line(str(preview))[:PREVIEW_CHARACTERS]
    else:
        shown["text"] = text_of_mail(mail, LISTED_CHARACTERS)
    return shown


def _facts(mail: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    is_received = mail.get("ue_type") in (RECEIVED_CODE, None)
    account, other = mail.get("eaccount"), mail.get("to_address_email_list")
    yield "id", mail.get("id")
    yield "thread_id", mail.get("thread_id")
    yield "from", mail.get("from_address_email") or mail.get("lead")
    yield "to", account if is_received else other
    subject = mail.get("subject")
    yield "subject", one_line(subject) if isinstance(subject, str) else subject
    yield "time", mail.get("timestamp_email") or mail.get("timestamp_created")
    yield "unread", bool(mail.get("is_unread"))
    interest = mail.get("i_status")
    if interest is not None:
        is_number = isinstance(interest, int | float)
        yield "interest", INTEREST.get(interest, interest) if is_number else interest
    if mail.get("is_auto_reply"):
        yield "auto_reply", True
    if not is_received:
        kind = mail.get("ue_type")
        yield "type", EMAIL_KIND.get(kind) if isinstance(kind, int) else None
    if mail.get("campaign_id"):
        yield "campaign_id", mail["campaign_id"]
