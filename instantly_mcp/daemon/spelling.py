"""Suggests the name that a misspelled one may stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

MAX_SUGGESTIONS = 3
CUTOFF = 0.75
"""How alike two names must be, from 0 to 1; see `difflib`."""


def nearest(name: str, known: Iterable[str], cutoff: float = CUTOFF) -> Sequence[str]:
    """Return the names that begin like `name`, else the one that resembles it most."""
    names = sorted(known)
    if name in names:
        return [name]
    begun = [each for each in names if each.startswith(name)] if name else []
    found = begun or get_close_matches(name, names, n=1, cutoff=cutoff)
    return found[:MAX_SUGGESTIONS]


def question(names: Sequence[str]) -> str:
    """Return ``; did you mean …?``, or nothing where there is nothing to suggest."""
    return f"; did you mean {' or '.join(names)}?" if names else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the question for a misspelled name, or nothing."""
    return question(nearest(name, known))
