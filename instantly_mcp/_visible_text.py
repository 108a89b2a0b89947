"""Makes every character of a text visible to a person who decides by what it shows.

Terminals obey control characters, and browsers and terminals reorder text at the
directional characters of Unicode: "Send to bob@evil.example" can be made to look like
another sentence. Such characters are replaced by their code points.
"""

from __future__ import annotations

import unicodedata

_SHOWN_AS_THEY_ARE = frozenset("\n\t")

INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
"""Unicode categories that show nothing.

Cc: control characters; Cf: invisible ones that format, such as U+202E; Co, Cs and Cn:
characters without a meaning; Zl and Zp: line separators that are not line feeds.
"""


def visible(text: str, most: int | None = None) -> str:
    """Return a text in which each character that has no shape of its own has one.

    :param most: characters to keep; a notice replaces the others.
    """
    left_out = 0 if most is None else max(len(text) - most, 0)
    kept = text[: len(text) - left_out].replace("\r\n", "\n")
    if not (kept.isascii() and kept.isprintable()):
        kept = "".join(map(_shown, kept))
    if left_out:
        kept += f" [and {left_out} more characters, which are not shown]"
    return kept


def visible_line(text: str, most: int | None = None) -> str:
    """Return a text in one line, made visible."""
    return visible(text, most).replace("\n", " ").replace("\t", " ")


def _shown(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    if character in _SHOWN_AS_THEY_ARE:
        return character
    category = unicodedata.category(character)
    if category in INVISIBLE:
        return f"[U+{ord(character):04X}]"
    if category == "Zs":
        return " "
    return character
