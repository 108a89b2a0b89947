"""Cleans all texts of a value, and puts marks around the untrusted ones.

The marks are two noncharacters, which `cleaning` removes from every text. They stay in
a value until it is encoded; `fence` then replaces them, or removes them.
"""

from __future__ import annotations

from typing import TypeAlias

from attrs import define, field, frozen

from ..._json_codec import Json
from .cleaning import MAX_READ_CHARACTERS, cleaned
from .members import (
    PLAIN,
    TOKEN,
    VARIABLES,
    Treatment,
    is_plain_name,
    is_schema_name,
    treatment_of,
)

OPEN = "\ufdd0"
CLOSE = "\ufdd1"

MAX_READ_IN_ALL = 300_000
"""Characters of long texts that are read in one value; later ones are cut short."""

MAX_NAME = 200
"""Most characters of the name of a member."""

SHORTEST_QUOTE = 3
MAX_SENTENCES = 50
MAX_QUOTES = 500

LONG = 2_000
"""Characters up to which a text counts as short, and is always read in full."""


def quoted(text: Json, longest: int = LONG) -> str:
    """Return untrusted text with marks, to be quoted in a sentence of this server."""
    given = "" if text is None else str(text)
    return f"{OPEN}{cleaned(given, longest)}{CLOSE}"


def without_marks(text: str) -> str:
    """Return text without the marks of `quoted`."""
    return text.replace(OPEN, "").replace(CLOSE, "")


def cut_with_marks(text: str, longest: int) -> str:
    """Return the beginning of a text, with the closing mark that it needs."""
    kept = text[:longest]
    return kept + CLOSE if kept.count(OPEN) > kept.count(CLOSE) else kept


def quoted_name(name: str) -> str:
    """Return the name of a variable with marks, unless it is one of Instantly's own."""
    return name if name in VARIABLES else quoted_line(name)


OWN, OWN_TREE, CODE = Treatment.OWN, Treatment.OWN_TREE, Treatment.CODE
OF_OTHERS = (Treatment.FREE, Treatment.MAP)
"""Looking a member of an enumeration up costs as much as matching a short text."""

_SCALARS = frozenset({int, float, bool, type(None)})

_Plan: TypeAlias = tuple[str, Treatment, str]
"""The name of a member as it is shown, how its text is treated, and its path."""


@frozen
class Marked:
    """A value whose texts are cleaned and marked.

    :param fields: the paths of the untrusted texts, such as ``items[].subject``.
    """

    value: Json
    fields: tuple[str, ...]


def marked(value: Json) -> Marked:
    """Return a value, or an error object, with all texts cleaned and marked.

    Sentences of this server quote what stands in the members beside them, as the names
    of similar objects. So the untrusted texts of a value are marked in its sentences as
    well.
    """
    marking = _Marking()
    shown = marking.walk(value, Treatment.UNTRUSTED, "")
    marking.mark_quotes()
    return Marked(shown, tuple(marking.fields))


def quoted_line(text: Json, longest: int = 120) -> str:
    """Return untrusted text with marks, without line ends and ``|`` of tables.

    Ids, times, numbers and plain addresses need no marks.
    """
    given = "" if text is None else str(text)
    if len(given) <= longest and PLAIN.fullmatch(given) is not None:
        return given
    line = " ".join(cleaned(given, longest).split()).replace("|", "/")
    return f"{OPEN}{line}{CLOSE}" if line else ""


def _with_marks(sentence: str, text: str) -> str:
    """Mark a text in a sentence wherever it is not marked yet."""
    parts = []
    for part in sentence.split(CLOSE):
        free, mark, inner = part.partition(OPEN)
        parts.append((free.replace(text, f"{OPEN}{text}\0"), mark + inner))
    return CLOSE.join(free + inner for free, inner in parts).replace("\0", CLOSE)


@define(eq=False)
class _Marking:
    """One walk through a value."""

    fields: dict[str, None] = field(factory=dict, init=False)
    _texts: set[str] = field(factory=set, init=False)
    _sentences: list[tuple[Json, Json, str]] = field(factory=list, init=False)
    _plans: dict[str, dict[str, _Plan]] = field(factory=dict, init=False)
    _left: int = field(default=MAX_READ_IN_ALL, init=False)

    def walk(self, value: Json, treatment: Treatment, path: str) -> Json:
        if isinstance(value, str):
            return self._text(value, treatment, path)
        if isinstance(value, dict):
            if treatment in OF_OTHERS:
                return self._free(value, treatment, path)
            return self._object(value, treatment, path)
        if isinstance(value, list | tuple):
            return self._list(value, treatment, path)
        return value

    def mark_quotes(self) -> None:
        """Mark the untrusted texts in the sentences of this server."""
        texts = [text for text in self._texts if len(text) >= SHORTEST_QUOTE]
        if not texts:
            return
        texts.sort(key=len, reverse=True)
        for holder, at, path in self._sentences[:MAX_SENTENCES]:
            sentence = holder[at]
            for text in texts[:MAX_QUOTES]:
                if text in sentence:
                    sentence = _with_marks(sentence, text)
            if sentence is not holder[at]:
                holder[at] = sentence
                self.fields.setdefault(path)

    def _object(self, value: Json, treatment: Treatment, path: str) -> Json:
        plans = self._plans.setdefault(path, {})
        walked: dict[str, Json] = {}
        for name, each in value.items():
            plan = plans.get(name)
            if plan is None:
                plan = plans[name] = self._plan(name, treatment, path)
            shown, how, deeper = plan
            kind = type(each)
            if kind is str:
                if how is CODE and TOKEN.fullmatch(each) is not None:
                    walked[shown] = each
                    continue
                walked[shown] = self._text(each, how, deeper)
                if how is OWN:
                    self._sentences.append((walked, shown, deeper))
            else:
                walked[shown] = (
                    each if kind in _SCALARS else self.walk(each, how, deeper)
                )
        return walked

    def _plan(self, name: str, around: Treatment, path: str) -> _Plan:
        """Return how a member is shown: the same for all objects at this path."""
        all_own = around is OWN_TREE
        plain = all_own or is_schema_name(name)
        shown = name if plain else self._name(name, path)
        inside = f"{path}." if path else ""
        deeper = f"{inside}{name}" if shown is name else f"{inside}*"
        return shown, around if all_own else treatment_of(name), deeper

    def _list(self, value: Json, treatment: Treatment, path: str) -> Json:
        is_free = treatment in OF_OTHERS
        inside = path if is_free else f"{path}[]"
        walked = [self.walk(each, treatment, inside) for each in value]
        if treatment is OWN:
            for at, each in enumerate(walked):
                if isinstance(each, str):
                    self._sentences.append((walked, at, inside))
        return walked

    def _free(self, value: Json, treatment: Treatment, path: str) -> Json:
        walked = {}
        for name, each in value.items():
            is_known = treatment is Treatment.FREE or name in VARIABLES
            shown = self._name(name, path) if is_known else self._mark(name, path)
            walked[shown] = self.walk(each, treatment, path)
        return walked

    def _name(self, name: str, path: str) -> str:
        if is_plain_name(name):
            return name
        return self._mark(name, path)

    def _text(self, text: str, treatment: Treatment, path: str) -> str:
        if treatment is OWN or treatment is OWN_TREE:
            return self._sentence(text, path)
        if treatment is CODE and TOKEN.fullmatch(text) is not None:
            return text
        if len(text) < 120 and PLAIN.fullmatch(text) is not None:
            return text
        return self._mark(text, path, self._allowed(len(text)))

    def _sentence(self, text: str, path: str) -> str:
        """Clean a sentence of this server outside and inside of its quotes."""
        if OPEN not in text:
            return cleaned(text)
        self.fields.setdefault(path)
        shown = []
        for part in text.split(CLOSE):
            free, mark, inner = part.partition(OPEN)
            quote = f"{OPEN}{cleaned(inner)}{CLOSE}" if mark else ""
            shown.append(cleaned(free) + quote)
        return "".join(shown)

    def _mark(self, text: str, path: str, longest: int = MAX_NAME) -> str:
        shown = cleaned(text, longest)
        if not shown:
            return shown
        self.fields.setdefault(path)
        self._texts.add(shown)
        return f"{OPEN}{shown}{CLOSE}"

    def _allowed(self, length: int) -> int:
        if length <= LONG:
            return MAX_READ_CHARACTERS
        self._left -= length
        return MAX_READ_CHARACTERS if self._left > 0 else LONG
