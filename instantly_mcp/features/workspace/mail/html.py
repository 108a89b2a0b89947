"""Conversion of mail copy to HTML: text is escaped and gets paragraphs, HTML is kept.

Formatting is idempotent: formatted copy is not changed again.
"""

from __future__ import annotations

import re
from itertools import chain

from .text import BLANK_LINES

_BLOCK = "p|div|br|hr|ul|ol|li|table|thead|tbody|tr|td|th|h[1-6]|blockquote|pre|html"
_INLINE = (
    "a|b|i|u|s|em|strong|span|img|font|small|sub|sup|code|del|ins|center|body|head"
    "|style|title|meta"
)
_TAG_END = r"(?=[\s/>])[^<>]*>"
_BLOCK_TAG = re.compile(rf"</?(?:{_BLOCK}){_TAG_END}", re.IGNORECASE)
_ANY_TAG = rf"</?(?:{_BLOCK}|{_INLINE}){_TAG_END}"
_TAG = re.compile(_ANY_TAG, re.IGNORECASE)
_TAG_OR_COMMENT = re.compile(rf"{_ANY_TAG}|<!--.*?-->", re.I | re.S)
_BARE_AMPERSAND = re.compile(
    r"&(?!(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#\d{1,7}|#x[\da-f]{1,6});)"
)


def as_html(copy: str) -> str:
    """Return mail copy as HTML.

    Blank lines separate paragraphs and single line ends become ``<br/>``, unless the
    copy already has block elements. A ``<`` or ``&`` that is not part of a tag or an
    entity is escaped in both cases, so that "if x < y" is shown as written.
    """
    text = copy.replace("\r\n", "\n").replace("\r", "\n").strip()
    escaped = _escaped_outside_tags(text)
    if _BLOCK_TAG.search(text):
        return escaped
    paragraphs = (part.strip() for part in BLANK_LINES.split(escaped))
    return "".join(f"<p>{_broken(part)}</p>" for part in paragraphs if part)


def one_line(subject: str) -> str:
    """Return a subject without line ends and repeated spaces."""
    return " ".join(subject.split())


def _broken(paragraph: str) -> str:
    return "<br/>".join(line.strip() for line in paragraph.split("\n"))


def _escaped_outside_tags(text: str) -> str:
    # Comments are matched only up to the last "-->". After it every "<!--" would make
    # the expression scan the whole rest: quadratic time in a mail full of them.
    commented = text.rfind("-->") + 3 if "-->" in text else 0
    parts, end = [], 0
    for tag in chain(
        _TAG_OR_COMMENT.finditer(text, 0, commented),
        _TAG.finditer(text, commented),
    ):
        parts += [_escaped(text[end : tag.start()]), tag.group()]
        end = tag.end()
    return "".join([*parts, _escaped(text[end:])])


def _escaped(text: str) -> str:
    text = _BARE_AMPERSAND.sub("&amp;", text)
    return text.replace("<", "&lt;").replace(">", "&gt;")
