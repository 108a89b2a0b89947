"""Splits HTML into tags, comments and text. Fetches and executes nothing.

The input is hostile, so it is read in one pass, in linear time. The parser of the
standard library needs quadratic time for unclosed tags (CVE-2025-6069), and raises an
exception for some declarations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from attrs import define, field, frozen

_TAG_NAME = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*)")
_END_OR_VALUE = re.compile(r"=\s*([\"'])|[<>]")
_RAW = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style")}
"""The end tags of elements whose content is not markup."""


class Kind(Enum):
    """What a piece of HTML is. Comments include declarations."""

    TEXT = "text"
    OPEN = "open"
    CLOSE = "close"
    COMMENT = "comment"
    RAW = "raw"


@frozen
class Piece:
    """One piece of HTML.

    :param text: as it is in the source, with the signs of a tag or comment.
    :param name: of the element, in lower case; of a raw text that of its element.
    """

    kind: Kind
    text: str
    name: str = ""


@define(eq=False)
class MarkupReader:
    """Reads one document."""

    html: str
    _unclosed: set[str] = field(factory=set, init=False)

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces; their texts in sequence are the document."""
        html, at = self.html, 0
        while (start := html.find("<", at)) >= 0:
            if at < start:
                yield Piece(Kind.TEXT, html[at:start])
            piece = self._markup(start)
            at = start + len(piece.text)
            yield piece
            if piece.kind is Kind.OPEN and piece.name in _RAW:
                closing = _RAW[piece.name].search(html, at)
                end = len(html) if closing is None else closing.start()
                if at < end:
                    yield Piece(Kind.RAW, html[at:end], piece.name)
                at = end
        if at < len(html):
            yield Piece(Kind.TEXT, html[at:])

    def _markup(self, start: int) -> Piece:
        """Return the piece that starts with ``<``."""
        html = self.html
        if html.startswith("<!--", start):
            return self._until("-->", start, start + 4)
        if html.startswith(("<!", "<?"), start):
            return self._until(">", start, start + 2)
        tag = _TAG_NAME.match(html, start)
        if tag is None:
            return Piece(Kind.TEXT, "<")
        end = self._end_of_tag(tag.end())
        text = html[start:end]
        if text[-1] != ">":
            return Piece(Kind.TEXT, text)
        return Piece(Kind.CLOSE if tag[1] else Kind.OPEN, text, tag[2].lower())

    def _until(self, mark: str, start: int, at: int) -> Piece:
        found = self.html.find(mark, at)
        end = len(self.html) if found < 0 else found + len(mark)
        return Piece(Kind.COMMENT, self.html[start:end])

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
