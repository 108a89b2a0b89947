"""All mutants, in the order of the table."""

from __future__ import annotations

from collections.abc import Sequence

from . import (
    access,
    consent,
    envelopes,
    eras,
    features,
    listening,
    lists,
    sessions,
    tokens,
)
from .mutant import Mutant

ALL: Sequence[Mutant] = (
    *envelopes.MUTANTS,
    *eras.MUTANTS,
    *sessions.MUTANTS,
    *lists.MUTANTS,
    *listening.MUTANTS,
    *features.MUTANTS,
    *access.MUTANTS,
    *consent.MUTANTS,
    *tokens.MUTANTS,
)
