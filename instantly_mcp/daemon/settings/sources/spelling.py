"""Suggests known names for a misspelled one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

MAX_SUGGESTIONS = 3
MIN_SIMILARITY = 0.75
"""How similar two names must be, from 0 to 1; see `difflib.get_close_matches`."""


def nearest(
    name: str, known: Iterable[str], cutoff: float = MIN_SIMILARITY
) -> Sequence[str]:
    """Return the known names that begin with `name`, else the most similar one."""
    names = sorted(known)
    if name in names:
        return [name]
    begun = [each for each in names if each.startswith(name)] if name else []
    found = begun or get_close_matches(name, names, n=1, cutoff=cutoff)
    return found[:MAX_SUGGESTIONS]


def suggestion(names: Sequence[str]) -> str:
    """Return ``; did you mean …?``; an empty string without suggestions."""
    return f"; did you mean {' or '.join(names)}?" if names else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean …?`` for a misspelled name, or an empty string."""
    return suggestion(nearest(name, known))
