"""A mail as a preview shows it: as its recipient reads it, and what that hides.

The text of HTML does not say where a link leads, and leaves out what a mail program may
show all the same. So HTML that is more than paragraphs is shown as it is, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...._json_codec import Json, JsonObject
from ....access.preview import Fact
from ...workspace.mail.text import text_of_html
from ...workspace.reply_values import as_object

_PLAIN_TAG = re.compile(
    r"</?(?:p|div|br|b|strong|i|em|u|ul|ol|li|span)\s*/?>", re.IGNORECASE
)
"""Markup without attributes, which changes nothing that the text does not show."""


def mail_facts(label: str, body: Json) -> Iterator[Fact]:
    """Yield the parts of a mail's body that a person has to see.

    :param body: an object with HTML and text, or text alone.
    """
    parts: JsonObject = as_object(body)
    html, text = str(parts.get("html") or ""), str(parts.get("text") or "")
    if not html.strip():
        yield label, text or str(body)
        return
    read = text_of_html(html)
    yield label, read
    yield from html_facts(label, html)
    if text.strip() and text.split() != read.split():
        yield f"{label}, for programs without HTML", text


def html_facts(label: str, html: str) -> Iterator[Fact]:
    """Yield HTML as it is, if its text does not show all of it."""
    if "<" in _PLAIN_TAG.sub("", html):
        yield f"{label}, its HTML", html
