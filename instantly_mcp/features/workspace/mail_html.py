"""Mail copy as HTML: text is escaped and gets its paragraphs, HTML stays HTML.

Formatting what is formatted already changes nothing.
"""

from __future__ import annotations

import re
from itertools import chain

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
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def as_html(copy: str) -> str:
    """Return mail copy as HTML.

    Blank lines part paragraphs and single line ends become ``<br/>``, unless the
    copy brings block markup of its own. A ``<`` or ``&`` that belongs to no tag and
    no entity is escaped either way, so that "if x < y" survives.
    """
    text = copy.replace("\r\n", "\n").replace("\r", "\n").strip()
    escaped = _escaped_outside_tags(text)
    if _BLOCK_TAG.search(text):
        return escaped
    paragraphs = (part.strip() for part in _BLANK_LINES.split(escaped))
    return "".join(f"<p>{_broken(part)}</p>" for part in paragraphs if part)


def one_line(subject: str) -> str:
    """Return a subject without line ends or doubled blanks."""
    return " ".join(subject.split())


def _broken(paragraph: str) -> str:
    return "<br/>".join(line.strip() for line in paragraph.split("\n"))


def _escaped_outside_tags(text: str) -> str:
    # Behind the last end of a comment none is looked for: each start of one would make
    # the expression read all the rest, and a mail of such starts would take hours.
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
