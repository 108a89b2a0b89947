"""The page of the sandbox: the mail that would have been sent, for a person to read.

All that stands on it was written by somebody else, so all of it is escaped. It has no
script and no style, and the policy of the site would allow neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from twisted.web.template import Tag, flatten, tags

from .._json import Json, JsonObject

SHOWN = 200
"""So many mails make a page; the JSON has them all."""

DOCTYPE = b"<!DOCTYPE html>\n"


def outbox_page(outbox: JsonObject) -> bytes:
    """Return the page for what ``GET /sandbox/outbox`` shows."""
    key, items = str(outbox["key"]), outbox["items"]
    newest = list(reversed(items[-SHOWN:]))
    title = f"Sandbox outbox: {len(items)} mail{'s' * (len(items) != 1)}"
    return _html(
        title,
        tags.p(
            "Nothing was sent. This is what the simulated workspace of the key ",
            tags.code(key),
            " would have sent, the newest first.",
        ),
        *_mails(newest),
        *_older(len(items) - len(newest)),
        tags.hr(),
        tags.p(
            tags.a("The same as JSON", href=f"/sandbox/outbox?key={quote(key, '')}"),
            ". To begin anew, POST to ",
            tags.code(f"/sandbox/reset?key={quote(key, '')}"),
            ".",
        ),
    )


def _mails(items: Sequence[JsonObject]) -> Iterator[Tag]:
    if not items:
        yield tags.p("It is empty: nothing would have been sent yet.")
    for item in items:
        yield tags.hr()
        yield tags.h2(_text(item.get("subject")) or "(no subject)")
        yield tags.dl(*_lines(item))
        yield tags.blockquote(*_paragraphs(item.get("body")))


def _lines(item: Mapping[str, Json]) -> Iterator[Tag]:
    for name in ("at", "kind", "from", "to", "cc", "bcc"):
        value = item.get(name)
        shown = ", ".join(map(str, value)) if isinstance(value, list) else _text(value)
        if shown:
            yield tags.dt(tags.b(name.capitalize()))
            yield tags.dd(shown)


def _paragraphs(body: Json) -> Iterator[Tag]:
    """Yield the text of a mail; of one that has only HTML, its source."""
    text = body.get("text") or body.get("html") if isinstance(body, dict) else body
    for line in _text(text).splitlines():
        yield tags.div(line or "\N{NO-BREAK SPACE}")


def _older(count: int) -> Iterator[Tag]:
    if count:
        yield tags.p(f"{count} older ones are in the JSON.")


def _text(value: Json) -> str:
    return "" if value is None else str(value)


def _html(title: str, *content: Tag) -> bytes:
    head = tags.head(
        tags.meta(charset="utf-8"),
        tags.meta(name="color-scheme", content="light dark"),
        tags.title(title),
    )
    page = tags.html(head, tags.body(tags.h1(title), *content), lang="en")
    parts: list[bytes] = [DOCTYPE]
    failures: list[Any] = []
    # Nothing in the page waits for anything, so this is done at once.
    flatten(None, page, parts.append).addErrback(failures.append)
    for failure in failures:
        failure.raiseException()
    return b"".join(parts)
