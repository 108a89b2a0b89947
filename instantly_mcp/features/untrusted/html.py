"""Removal of hidden elements, comments, images and active parts from HTML.

What is not markup is returned as it is: text such as ``if x < y`` and
``Ann <ann@example.com>`` is not changed.
"""

from __future__ import annotations

import re
from collections import Counter
from html import unescape

from attrs import define, field

from .hidden_styles import (
    VISIBLE,
    Appearance,
    Rules,
    add_rules,
    appearance,
    attributes_of,
)
from .markup import Kind, MarkupReader, Piece

HIDDEN = "[hidden text removed]"
IMAGE = "[image]"

IMAGES = frozenset({"img", "image"})
EMPTY = frozenset({"area", "br", "col", "hr", "wbr"})
REMOVED = frozenset(
    {"base", "embed", "frame", "input", "link", "meta", "param", "source", "track"}
)
"""Elements without content that fetch or execute something."""

DROPPED = frozenset(
    {"applet", "audio", "canvas", "head", "iframe", "math", "noembed", "noframes"}
    | {"object", "script", "style", "svg", "template", "title", "video", "xmp"}
)
"""Elements that are removed with their content."""

ENDS_ITSELF = frozenset({"p", "li", "td", "th", "tr", "option", "dt", "dd"})
"""Elements whose end tag may be missing: the next one of the same name ends them."""

_UNCLOSED = re.compile(
    rf"<(?=/?(?:{'|'.join(sorted(IMAGES | REMOVED | DROPPED))})\b)", re.IGNORECASE
)
"""The start of a tag that ends in no place of this text, but perhaps in the next."""

_ELEMENT = re.compile(r"[a-z][a-z0-9]*(?:[:-][a-z0-9]+)*")
_ACTIVE = re.compile(
    r"[\s\"'/](?:on\w+|src\w*|background|poster|data|action|formaction|ping|lowsrc|"
    r"dynsrc|xlink:href|manifest)\s*=|url\s*\(|expression\s*\(|@import|image-set",
    re.IGNORECASE,
)
_BLANK = re.compile(r"[\x00-\x20]+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)

SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
"""The schemes of links that only open a page, or write a mail or a call."""

_SAFE = tuple(f"{scheme}:" for scheme in sorted(SAFE_SCHEMES))


@define(eq=False)
class _Cleaner:
    """Collects the pieces of a document that may be shown."""

    _shown: list[str] = field(factory=list, init=False)
    _open: list[tuple[str, Appearance]] = field(factory=list, init=False)
    _counts: Counter[str] = field(factory=Counter, init=False)
    _rules: Rules = field(factory=dict, init=False)

    def clean(self, html: str) -> str:
        for piece in MarkupReader(html).pieces():
            if piece.kind is Kind.TEXT:
                self._show(_UNCLOSED.sub("< ", piece.text))
            elif piece.kind is Kind.COMMENT:
                # The space keeps its neighbors from joining to a tag.
                self._show(" ")
            elif piece.kind is Kind.RAW:
                if piece.name == "style":
                    add_rules(piece.text, self._rules)
            elif _ELEMENT.fullmatch(piece.name) is None:
                self._show(piece.text)
            elif piece.kind is Kind.OPEN:
                self._start(piece)
            else:
                self._end(piece)
        return "".join(self._shown)

    @property
    def _around(self) -> Appearance:
        return self._open[-1][1] if self._open else VISIBLE

    def _show(self, text: str) -> None:
        if not self._around.hidden:
            self._shown.append(text)

    def _start(self, tag: Piece) -> None:
        name = tag.name
        if name in IMAGES:
            self._show(IMAGE)
        elif name in REMOVED:
            self._show(" ")
        elif name in EMPTY:
            self._show(_harmless(tag.text, name))
        else:
            self._push(tag)

    def _push(self, tag: Piece) -> None:
        name = tag.name
        if name in ENDS_ITSELF and self._open and self._open[-1][0] == name:
            self._pop(name)
        around = self._around
        if name in DROPPED:
            looks = Appearance(hidden=True)
            self._show(" ")
        else:
            looks = appearance(name, attributes_of(tag.text), around, self._rules)
            if looks.hidden:
                self._show(HIDDEN)
        self._open.append((name, looks))
        self._counts[name] += 1
        if not looks.hidden:
            self._shown.append(_harmless(tag.text, name))

    def _end(self, tag: Piece) -> None:
        if not self._counts[tag.name]:
            self._show(" " if tag.name in DROPPED else tag.text)
            return
        if not self._pop(tag.name).hidden:
            self._show(tag.text)

    def _pop(self, wanted: str) -> Appearance:
        """End the innermost element of this name, and all elements in it."""
        while True:
            name, looks = self._open.pop()
            self._counts[name] -= 1
            if name == wanted:
                return looks


def _harmless(tag: str, name: str) -> str:
    """Return a tag without attributes that fetch or execute something."""
    target = attributes_of(tag).get("href") if "href" in tag.lower() else None
    is_safe = target is None or is_safe_link(target)
    if is_safe and "<" not in tag[1:] and _ACTIVE.search(tag) is None:
        return tag
    if target is not None and is_safe and not set(target) & set("\"'<>"):
        return f'<{name} href="{target}">'
    return f"<{name}>"


def is_safe_link(target: str) -> bool:
    """Return whether following a link only opens a page or writes a mail."""
    plain = _BLANK.sub("", unescape(target)).lower()
    return _SCHEME.match(plain) is None or plain.startswith(_SAFE)


def cleaned_html(html: str) -> str:
    """Return HTML without what a browser hides, fetches or executes.

    Hidden text is replaced by `HIDDEN`, and an image by `IMAGE`.
    """
    return _Cleaner().clean(html)
