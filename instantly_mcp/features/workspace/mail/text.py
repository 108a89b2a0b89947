"""The text of a mail: of its HTML as a person sees it, and without quoted mails."""

from __future__ import annotations

import re
from html import unescape
from unicodedata import category

from attrs import define, field

from ...._json_codec import Json, JsonObject
from ...untrusted.cleaning import MAX_READ_CHARACTERS, cut_note
from ...untrusted.html import cleaned_html
from ...untrusted.markup import Kind, MarkupReader, Piece
from ..reply_values import as_object

UNSEEN = frozenset({"script", "style", "head", "title", "template"})
LINES = frozenset(
    {"br", "p", "div", "li", "tr", "table", "ul", "ol", "blockquote", "hr"}
    | {f"h{level}" for level in range(1, 7)}
)
BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")

_QUOTED = re.compile(
    r"^(?:On .{4,200}wrote:|-{2,40} ?Original Message ?-{2,40}|_{10,100})[ \t]*$",
    re.MULTILINE,
)

_HUGE_NUMBER = re.compile(r"&#[0-9]{9,};?")
"""No character has such a number, and ``int`` rejects more than 4300 digits."""


@define(eq=False)
class _Reader:
    """Collects the visible text, with line breaks where a browser has them."""

    links: int = field(default=0, init=False)
    images: int = field(default=0, init=False)
    _parts: list[str] = field(factory=list, init=False)
    _unseen: int = field(default=0, init=False)

    def read(self, html: str) -> None:
        """Read the whole document."""
        for piece in MarkupReader(html).pieces():
            if piece.kind is Kind.TEXT:
                self._show(piece.text)
            elif piece.kind is Kind.OPEN:
                self._open(piece)
            elif piece.kind is Kind.CLOSE:
                self._close(piece.name)

    def text(self) -> str:
        """Return the collected text."""
        lines = "".join(self._parts).replace("\xa0", " ").split("\n")
        joined = "\n".join(line.strip() for line in lines)
        return BLANK_LINES.sub("\n\n", joined).strip()

    def _show(self, text: str) -> None:
        if not self._unseen:
            self._parts.append(unescape(_HUGE_NUMBER.sub("\ufffd", text)))

    def _open(self, tag: Piece) -> None:
        name = tag.name
        if name in UNSEEN:
            self._unseen += 1
        elif name in LINES:
            self._parts.append("\n")
        elif name == "img":
            self.images += 1
            self._parts.append("[image]")
        elif name == "a":
            self.links += 1
        if tag.text.endswith("/>"):
            self._close(name)

    def _close(self, name: str) -> None:
        if name in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif name in LINES and name != "br":
            self._parts.append("\n")


def text_of_html(html: str, longest: int = MAX_READ_CHARACTERS) -> str:
    """Return the text of an HTML body that a person sees; plain text is unchanged.

    :param longest: how many characters of it are read, which limits the time.
    """
    read = html[:longest]
    text = read_html(cleaned_html(read) if "<" in read else read)[0]
    excess = len(html) - len(read)
    return text + cut_note(excess) if excess else text


def read_html(html: str) -> tuple[str, int, int]:
    """Return the text, the number of links, and the number of images."""
    reader = _Reader()
    reader.read(html)
    return reader.text(), reader.links, reader.images


def shows(text: str) -> bool:
    """Return whether the text has a character that a person sees.

    Separators, controls and format characters (Unicode C and Z) show nothing. Among
    them is U+FEFF, which JavaScript trims and Python does not.
    """
    return any(category(each)[0] not in "CZ" for each in text)


def text_of_mail(mail: JsonObject, longest: int = MAX_READ_CHARACTERS) -> str:
    """Return the text of a mail, of its HTML if it has no other.

    :param longest: how many characters are read.
    """
    body = _body_of(mail)
    text = str(body.get("text") or "")
    if not text:
        return text_of_html(str(body.get("html") or ""), longest)
    excess = len(text) - longest
    return text[:longest] + cut_note(excess) if excess > 0 else text


def _body_of(mail: JsonObject) -> JsonObject:
    body = mail.get("body")
    return as_object(body)


def unquoted_text(mail: Json) -> str:
    """Return the text of a mail without the mails that it quotes."""
    facts = as_object(mail)
    body = _body_of(facts)
    text = str(body.get("text") or "")[:MAX_READ_CHARACTERS]
    text = text or text_of_html(str(body.get("html") or "")[:MAX_READ_CHARACTERS])
    if not text.strip():
        return str(facts.get("content_preview") or "")
    quoted = _QUOTED.search(text)
    if quoted is not None and text[: quoted.start()].strip():
        text = text[: quoted.start()]
    kept = [line for line in text.split("\n") if not line.lstrip().startswith(">")]
    return BLANK_LINES.sub("\n\n", "\n".join(kept)).strip() or text.strip()
