"""The visible text of an HTML mail. Fetches and executes nothing.

The input is hostile, so the HTML is read in one pass, in linear time. The parser of the
standard library needs quadratic time for unclosed tags (CVE-2025-6069), and raises an
exception for some declarations.
"""

from __future__ import annotations

import re
from html import unescape

from attrs import define, field

UNSEEN = frozenset({"script", "style", "head", "title", "template"})
LINES = frozenset(
    {"br", "p", "div", "li", "tr", "table", "ul", "ol", "blockquote", "hr"}
    | {f"h{level}" for level in range(1, 7)}
)
BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_TAG_NAME = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*)")
_END_OR_VALUE = re.compile(r"=\s*([\"'])|[<>]")
_RAW = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style")}
"""The end tags of elements whose content is not markup."""

_HUGE_NUMBER = re.compile(r"&#[0-9]{9,};?")
"""No character has such a number, and ``int`` rejects more than 4300 digits."""


@define(eq=False)
class _Reader:
    """Collects the visible text, with line breaks where a browser has them."""

    html: str
    links: int = field(default=0, init=False)
    images: int = field(default=0, init=False)
    _parts: list[str] = field(factory=list, init=False)
    _unseen: int = field(default=0, init=False)
    _unclosed: set[str] = field(factory=set, init=False)

    def read(self) -> None:
        """Read the whole document."""
        html, at = self.html, 0
        while (start := html.find("<", at)) >= 0:
            self._show(at, start)
            at = self._read_markup(start)
        self._show(at, len(html))

    def text(self) -> str:
        """Return the collected text."""
        lines = "".join(self._parts).replace("\xa0", " ").split("\n")
        joined = "\n".join(line.strip() for line in lines)
        return BLANK_LINES.sub("\n\n", joined).strip()

    def _show(self, start: int, end: int) -> None:
        if start < end and not self._unseen:
            text = _HUGE_NUMBER.sub("\ufffd", self.html[start:end])
            self._parts.append(unescape(text))

    def _read_markup(self, start: int) -> int:
        """Read the markup that starts with ``<``; return the index after it."""
        html = self.html
        if html.startswith("<!--", start):
            return self._behind("-->", start + 4)
        if html.startswith(("<!", "<?"), start):
            return self._behind(">", start + 2)
        tag = _TAG_NAME.match(html, start)
        if tag is None:
            self._show(start, start + 1)
            return start + 1
        end = self._end_of_tag(tag.end())
        if html[end - 1] != ">":
            self._show(start, end)
            return end
        name, is_empty = tag[2].lower(), html[end - 2] == "/"
        if tag[1]:
            self._close(name)
            return end
        self._open(name)
        if is_empty:
            self._close(name)
        elif name in _RAW:
            closing = _RAW[name].search(html, end)
            return len(html) if closing is None else closing.start()
        return end

    def _behind(self, mark: str, at: int) -> int:
        found = self.html.find(mark, at)
        return len(self.html) if found < 0 else found + len(mark)

    def _end_of_tag(self, at: int) -> int:
        """Return the index after a tag; an unclosed tag ends before the next one.

        A quotation mark that is missing once is missing for all later tags, too, so
        it is searched for only once: that keeps the time linear.
        """
        html = self.html
        while (found := _END_OR_VALUE.search(html, at)) is not None:
            quote = found[1]
            if quote is None:
                return found.end() if found[0] == ">" else found.start()
            at = found.end()
            closing = -1 if quote in self._unclosed else html.find(quote, at)
            if closing < 0:
                self._unclosed.add(quote)
            else:
                at = closing + 1
        return len(html)

    def _open(self, name: str) -> None:
        if name in UNSEEN:
            self._unseen += 1
        elif name in LINES:
            self._parts.append("\n")
        elif name == "img":
            self.images += 1
            self._parts.append("[image]")
        elif name == "a":
            self.links += 1

    def _close(self, name: str) -> None:
        if name in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif name in LINES and name != "br":
            self._parts.append("\n")


def text_of_html(html: str) -> str:
    """Return the visible text of an HTML body; plain text is returned unchanged."""
    return read_html(html)[0]


def read_html(html: str) -> tuple[str, int, int]:
    """Return the visible text, the number of links, and the number of images."""
    reader = _Reader(html)
    reader.read()
    return reader.text(), reader.links, reader.images
