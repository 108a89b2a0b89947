"""The page of the sandbox: the mail that it would have sent.

Its texts come from callers and models, so all of them are escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from twisted.web.template import Tag, tags

from ..._json_codec import Json, JsonObject
from .look import document

MAX_SHOWN_MAILS = 200
"""Mails on the page; the JSON has them all."""


def outbox_page(outbox: JsonObject, prefix: str = "") -> bytes:
    """Return the page for what ``GET /sandbox/outbox`` shows.

    :param prefix: the path of the public URL.
    """
    key, items = str(outbox["key"]), outbox["items"]
    sandbox, query = f"{prefix}/sandbox", f"?key={quote(key, '')}"
    newest = list(reversed(items[-MAX_SHOWN_MAILS:]))
    title = f"Sandbox outbox: {len(items)} mail{'s' * (len(items) != 1)}"
    return document(
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
            tags.a("The same as JSON", href=f"{sandbox}/outbox{query}"),
            ". To start over, POST to ",
            tags.code(f"{sandbox}/reset{query}"),
            ".",
        ),
    )


def _mails(items: Sequence[JsonObject]) -> Iterator[Tag]:
    if not items:
        yield tags.p("The outbox is empty: no mail would have been sent yet.")
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
    """Yield the text of a mail, or the HTML source of one without text."""
    text = body.get("text") or body.get("html") if isinstance(body, dict) else body
    for line in _text(text).splitlines():
        yield tags.div(line or "\N{NO-BREAK SPACE}")


def _older(count: int) -> Iterator[Tag]:
    if count:
        yield tags.p(f"The JSON has {count} older ones.")


def _text(value: Json) -> str:
    return "" if value is None else str(value)
