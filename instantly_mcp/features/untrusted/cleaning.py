"""Removal of what a person cannot see, and of what a client would fetch or execute.

A string is cleaned until cleaning does not change it any more, because what is removed
may join its neighbors to something new. Texts without any suspicious character, which
are most of them, cost one search.
"""

from __future__ import annotations

import re
from html import unescape

from .html import HIDDEN, IMAGE, SAFE_SCHEMES, cleaned_html

INVISIBLE_CLASS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufdd0-\ufdef"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U00013430-\U0001345f"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Control, zero-width, bidirectional and tag characters, variation selectors, blank
letters and noncharacters, as the inside of a character class. U+FFFC and U+FFFD, which
stand for something that was there, are among them only as `_KEPT` says."""

_KEPT = "\ufffd"
INVISIBLE = re.compile(f"(?!{_KEPT})[{INVISIBLE_CLASS}]")

MAX_READ_CHARACTERS = 50_000
"""Most characters of a text that are read at all, which limits the time."""

MAX_ROUNDS = 4
"""Rounds after which a text that still changes loses all of its markup."""

_SUSPICIOUS = re.compile(
    rf"[{INVISIBLE_CLASS}]|<[a-z/!?]|!\[|\]\s?[(:]|script\s*:|data\s*:|</?u\d",
    re.IGNORECASE,
)
_ORDINARY = re.compile(r"[A-Za-z0-9 .,'&@+/_()-]*")
"""Text of which no part is suspicious. Most texts are, and this is found faster."""

_IMAGE = re.compile(r"!\[[^\[\]]*\](?:\([^()]*\)|\[[^\[\]]*\])?")
_TARGET = re.compile(r"(\]\s?(?:\(|:)\s*<?)([^()\s<>]+)")
_EXECUTABLE = re.compile(
    r"\b(?:(?:java|vb|live)script\s*:(?=\S)|data\s*:\s*[\w.+-]+/[\w.+-]+\s*[;,])"
    r"[^\s()<>\"']*",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_FENCE_LIKE = re.compile(r"<(/?u\d[0-9a-z]{0,15})>", re.IGNORECASE)

REMOVED_LINK = "[link removed]"


def cut_note(characters: int) -> str:
    """Return what stands at the end of a text that was cut."""
    return f"… [{characters} characters cut]"


PLACEHOLDER = re.compile(
    "|".join(map(re.escape, (IMAGE, HIDDEN, REMOVED_LINK)))
    + r"|… \[\d+ characters cut\]"
)
"""What a cleaned text has in the place of what was removed."""


def cleaned(text: str, longest: int = MAX_READ_CHARACTERS) -> str:
    """Return text without anything invisible, hidden, fetched or executed.

    The result is stable: cleaning it again does not change it.

    :param longest: cut the text to this many characters, with a note of how many.
    """
    if len(text) <= longest and (
        _ORDINARY.fullmatch(text) is not None or _SUSPICIOUS.search(text) is None
    ):
        return text
    excess = max(0, len(text) - MAX_READ_CHARACTERS)
    shown = _stable(text[:MAX_READ_CHARACTERS])
    excess += max(0, len(shown) - longest)
    if excess:
        # Cutting can open a construct that was closed before.
        return f"{_stable(shown[:longest])}{cut_note(excess)}"
    return shown


def _stable(text: str) -> str:
    for _ in range(MAX_ROUNDS):
        before, text = text, _cleaned_once(text)
        if text == before:
            return text
    text = text.replace("<", "\u2039").replace("[", "\u27e6")
    return _cleaned_once(_EXECUTABLE.sub(REMOVED_LINK, text))


def _cleaned_once(text: str) -> str:
    text = INVISIBLE.sub("", text)
    if "<" in text:
        text = _FENCE_LIKE.sub("\u2039\\1\u203a", text)
        text = cleaned_html(text)
    if "![" in text:
        text = _IMAGE.sub(IMAGE, text).replace("![", "! [")
    if "]" in text:
        text = _TARGET.sub(_safe_target, text)
    if ":" in text:
        text = _EXECUTABLE.sub(REMOVED_LINK, text)
    return text


def _safe_target(found: re.Match[str]) -> str:
    """Remove the target of a Markdown link if it has another scheme than the safe."""
    target = unescape(found[2])
    scheme = _SCHEME.match(target)
    if scheme is None or scheme[1].lower() in SAFE_SCHEMES or found[1][-1] == ":":
        is_executable = _EXECUTABLE.search(target) is not None
    else:
        is_executable = True
    return f"{found[1]}removed" if is_executable else found[0]
