"""Decides from its attributes whether a browser would show an HTML element.

What counts are inline styles and the old attributes, and the rules of ``<style>`` for
one class, id or element: mail clients support little more. A document of any kind takes
time in proportion to its length: no expression here tries the same text twice, each
rule is parsed once, and of a value only the beginning is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from html import unescape
from typing import TypeAlias

from attrs import frozen

ATTRIBUTE = re.compile(
    r"([a-zA-Z_:@][^\s=<>\"'/]*)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))?"
)
_NAME = re.compile(r"<?/?[^\s/<>]*")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_SELECTOR = re.compile(r"(?:[a-z][a-z0-9]*)?[.#][\w-]+|[\w-]+")
_LENGTH = re.compile(r"(-?\d*\.?\d+)\s*(px|pt|em|rem|%|ex|ch|vw|vh|mm|cm|in)?")
_SHORT_HEX = re.compile(r"#([0-9a-f])([0-9a-f])([0-9a-f])[0-9a-f]?")
_RGB = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)(?:[\s,/]+([\d.]+%?))?\s*\)")

_WHITE = "#ffffff"
_NAMED = {"white": _WHITE, "snow": "#fffafa", "ivory": "#fffff0", "black": "#000000"}
_LEAST_CONTRAST = 24
"""Smallest sum of the differences of red, green and blue that a person can see."""

_LEAST_PIXELS = 2.0
"""Smallest size of letters that a person can read."""

_FAR = 500.0
"""Pixels beyond the edge from which an element is out of sight."""


_READ = frozenset(
    {"background", "background-color", "clip", "color", "display", "font", "font-size"}
    | {"height", "left", "max-height", "max-width", "mso-hide", "opacity", "overflow"}
    | {"text-indent", "top", "visibility", "width"}
)
"""The properties that decide whether a person sees an element."""

_MOST_VALUE_CHARACTERS = 100
"""Characters that are read of a property's value; sizes and colors are shorter."""

Declarations: TypeAlias = Mapping[str, str]
"""The values of some properties."""

Rules: TypeAlias = MutableMapping[str, Declarations]
"""The declarations for each selector."""


@frozen
class Appearance:
    """What an element looks like.

    :param hidden: a person does not see its text.
    :param background: its own or inherited background color, as ``#rrggbb``.
    """

    hidden: bool = False
    background: str = _WHITE


VISIBLE = Appearance()


def attributes_of(tag: str) -> dict[str, str]:
    """Return the attributes of a tag, names in lower case, values decoded."""
    found: dict[str, str] = {}
    for name, value in ATTRIBUTE.findall(_NAME.sub("", tag, count=1)):
        found.setdefault(name.lower(), unescape(value.strip("\"'")))
    return found


def add_rules(css: str, rules: Rules) -> None:
    """Add the rules of a style sheet that have a simple selector."""
    for rule in _COMMENT.sub("", css).split("}")[:-1]:
        before, _, block = rule.rpartition("{")
        declared = _declarations(block)
        for selector in before.rpartition("{")[2].split(","):
            simple = selector.strip().lower()
            if _SELECTOR.fullmatch(simple):
                rules[simple] = {**rules.get(simple, {}), **declared}


def appearance(
    name: str, given: Mapping[str, str], around: Appearance, rules: Rules
) -> Appearance:
    """Return what an element looks like.

    :param name: of the element, in lower case.
    :param given: its attributes.
    :param around: what the element around it looks like.
    :param rules: those of the style sheets so far.
    """
    if around.hidden or not (given or rules):
        return around
    style = {**_applying(name, given, rules), **_declarations(given.get("style", ""))}
    background = (
        _color(style.get("background-color") or style.get("background"))
        or _color(given.get("bgcolor"))
        or around.background
    )
    color = _color(style.get("color")) or _color(given.get("color"))
    hidden = (
        "hidden" in given
        or _is_hidden(style)
        or (color is not None and _too_close(color, background))
        or (name == "font" and given.get("size") == "0")
    )
    return Appearance(hidden, background)


def _applying(name: str, given: Mapping[str, str], rules: Rules) -> Declarations:
    if not rules:
        return {}
    names = [name]
    for kind in dict.fromkeys(given.get("class", "").lower().split()):
        names += [f".{kind}", f"{name}.{kind}"]
    if given.get("id"):
        names.append(f"#{given['id'].lower()}")
    applying: dict[str, str] = {}
    for each in names:
        applying |= rules.get(each, {})
    return applying


def _declarations(style: str) -> Declarations:
    declared = {}
    for declaration in style.lower().split(";"):
        name, _, value = declaration.partition(":")
        if name.strip() in _READ:
            said = " ".join(value.replace("!important", "").split())
            declared[name.strip()] = said[:_MOST_VALUE_CHARACTERS]
    return declared


def _is_hidden(style: Declarations) -> bool:
    if style.get("display") == "none" or style.get("mso-hide") == "all":
        return True
    if style.get("visibility") in ("hidden", "collapse"):
        return True
    if style.get("color") == "transparent" or _is_zero(style.get("opacity")):
        return True
    if _is_small(style.get("font-size")) or _is_small(_font_size(style.get("font"))):
        return True
    if style.get("clip", "").replace(" ", "").startswith(("rect(0", "rect(1px,1px")):
        return True
    if any(_is_far(style.get(side)) for side in ("text-indent", "left", "top")):
        return True
    clipped = style.get("overflow") == "hidden"
    sizes = (style.get(each) for each in ("height", "max-height", "width", "max-width"))
    return clipped and any(_is_small(size) for size in sizes)


def _font_size(font: str | None) -> str | None:
    found = None if font is None else re.search(r"(?:^|\s)(\d*\.?\d+[a-z%]+)", font)
    return None if found is None else found[1]


def _pixels(length: str | None) -> float | None:
    found = None if length is None else _LENGTH.match(length)
    if found is None:
        return None
    scale = {"em": 16, "rem": 16, "%": 0.16, "pt": 1.33}.get(found[2] or "px", 1)
    return float(found[1]) * scale


def _is_zero(number: str | None) -> bool:
    pixels = _pixels(number)
    return pixels is not None and pixels < 0.05


def _is_small(length: str | None) -> bool:
    pixels = _pixels(length)
    return pixels is not None and pixels < _LEAST_PIXELS


def _is_far(length: str | None) -> bool:
    pixels = _pixels(length)
    return pixels is not None and pixels < -_FAR


def _color(value: str | None) -> str | None:
    """Return a color as ``#rrggbb``; ``None`` if there is none, or no known one."""
    if not value:
        return None
    value = value.strip().lower()
    rgb = _RGB.match(value)
    if rgb is not None:
        return "#" + "".join(
            f"{min(int(each[:3]), 255):02x}" for each in rgb.groups()[:3]
        )
    short = _SHORT_HEX.fullmatch(value)
    if short is not None:
        return "#" + "".join(each * 2 for each in short.groups())
    if re.match(r"#[0-9a-f]{6}", value):
        return value[:7]
    return _NAMED.get(value)


def _too_close(color: str, background: str) -> bool:
    pairs = [(color[at : at + 2], background[at : at + 2]) for at in (1, 3, 5)]
    return sum(abs(int(a, 16) - int(b, 16)) for a, b in pairs) < _LEAST_CONTRAST
