"""The text that a reader of an HTML mail sees. Fetches and executes nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

UNSEEN = frozenset({"script", "style", "head", "title", "template"})
LINES = frozenset(
    {"br", "p", "div", "li", "tr", "table", "ul", "ol", "blockquote", "hr"}
    | {f"h{level}" for level in range(1, 7)}
)
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


class _Text(HTMLParser):
    """Collects text; breaks lines where a browser does."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.links = 0
        self.images = 0
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self._unseen += 1
        elif tag in LINES:
            self.parts.append("\n")
        elif tag == "img":
            self.images += 1
            self.parts.append("[image]")
        elif tag == "a":
            self.links += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in LINES and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)

    def text(self) -> str:
        """Return the lines that were collected."""
        lines = "".join(self.parts).replace("\xa0", " ").split("\n")
        joined = "\n".join(line.strip() for line in lines)
        return _BLANK_LINES.sub("\n\n", joined).strip()


def text_of_html(html: str) -> str:
    """Return the text of an HTML body; text that is no HTML stays as it is."""
    return read_html(html)[0]


def read_html(html: str) -> tuple[str, int, int]:
    """Return the text, and how many links and images there are."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    return parser.text(), parser.links, parser.images
