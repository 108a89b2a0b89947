"""Translation between Instantly's numeric codes and words, in both directions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..._json_codec import Json, JsonObject
from ...catalog.codes import ESG, INTEREST, LEAD_FILTERS, Codes
from ..results import CallRefusedError

View = Callable[[JsonObject], JsonObject]


def labelled(codes: Mapping[str, Codes], drop: frozenset[str] = frozenset()) -> View:
    """Return a function that adds ``…_label`` next to coded members of an object.

    :param codes: the code table of each coded member.
    :param drop: members to leave out; members that are null are left out, too.
    """

    # One lookup per member: most members need no treatment.
    special = {**codes, **dict.fromkeys(drop)}

    def shape(item: JsonObject) -> JsonObject:
        shaped: dict[str, Json] = {}
        for name, value in item.items():
            if value is None:
                continue
            if name not in special:
                shaped[name] = value
                continue
            table = special[name]
            if table is not None:
                shaped[name] = value
                shaped[f"{name}_label"] = _label(table, value)
        return shaped

    return shape


def label_of(codes: Codes, value: Json) -> str | None:
    """Return the word of a code, ``None`` without a code."""
    return None if value is None else _label(codes, value)


def _label(codes: Codes, value: Json) -> str:
    known = isinstance(value, int | float)
    return codes.get(value, "unknown") if known else "unknown"


def names_and_codes(codes: Codes) -> JsonObject:
    """Return a schema that allows a name or its number."""
    return {"enum": [*codes.values(), *codes]}


def to_code(codes: Codes, *, open_ended: bool = False) -> Callable[[Json], Json]:
    """Return a function that converts a name (or number) to the API's number.

    The function raises `CallRefusedError` for other values.

    :param open_ended: also allow numbers outside the table: a workspace can define
        its own.
    """
    numbers: dict[Json, int] = {name: code for code, name in codes.items()}

    def convert(value: Json) -> Json:
        if isinstance(value, str):
            word = value.strip().lower().replace(" ", "_").replace("-", "_")
            if word in numbers:
                return numbers[word]
            if _is_number(value.strip()):
                value = int(value)
        if not isinstance(value, str) and (value in codes or open_ended):
            # 1.0 is an integer in JSON Schema, but not in a query string.
            return int(value)
        raise CallRefusedError(
            "bad_argument",
            f"{str(value)[:60]!r} is not a known value.",
            "Use one of " + ", ".join(numbers) + ", or its number.",
        )

    return convert


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdigit() and len(text) < 10


ESG_WORDS = (*ESG.values(), "all", "none")
"""The security gateways by which leads can be filtered; each has a code as well."""

ANY_ESG: JsonObject = {"enum": [*ESG_WORDS, *map(str, ESG), *ESG]}


def to_esg(value: Json) -> str:
    """Return the API's name of a security gateway: ``mimecast`` is ``2``."""
    codes = {word: str(code) for code, word in ESG.items()}
    return codes.get(str(value), str(value))


to_interest = to_code(INTEREST, open_ended=True)
"""Converts an interest status; a workspace can define its own numbers."""

_FILTERS: Mapping[str, str] = {
    short: full
    for full in LEAD_FILTERS
    for short in (
        full,
        full.removeprefix("FILTER_VAL_").removeprefix("FILTER_LEAD_").lower(),
    )
}

_WORDS = {"won": "FILTER_LEAD_CLOSED"}
"""Words that results use, where the API's filter has another word."""


def to_lead_filter(value: Json) -> Json:
    """Return the API's name of a lead filter: ``replied`` is FILTER_VAL_REPLIED.

    :raises CallRefusedError: for an unknown filter.
    """
    word = str(value).strip()
    short = word.lower().replace(" ", "_")
    found = _FILTERS.get(word) or _FILTERS.get(short) or _WORDS.get(short)
    if found is None:
        names = [name for name in _FILTERS if name.islower()]
        raise CallRefusedError(
            "bad_argument",
            f"{word[:60]!r} is not a lead filter.",
            "Use one of " + ", ".join(names) + ".",
        )
    return found
