"""All mutants, in the order of the table."""

from __future__ import annotations

from collections.abc import Sequence

from . import (
    access,
    approval_pages,
    approvals,
    audit,
    bridge,
    bundle,
    clients,
    consent,
    envelopes,
    eras,
    features,
    installing,
    listening,
    lists,
    narrowing,
    pages,
    pipes,
    rails,
    sandbox,
    sessions,
    skills,
    tokens,
    turns,
    wiring,
    writes,
)
from .mutant import Mutant

ALL: Sequence[Mutant] = (
    *envelopes.MUTANTS,
    *eras.MUTANTS,
    *sessions.MUTANTS,
    *lists.MUTANTS,
    *listening.MUTANTS,
    *features.MUTANTS,
    *pipes.MUTANTS,
    *skills.MUTANTS,
    *access.MUTANTS,
    *consent.MUTANTS,
    *tokens.MUTANTS,
    *installing.MUTANTS,
    *narrowing.MUTANTS,
    *writes.MUTANTS,
    *turns.MUTANTS,
    *rails.MUTANTS,
    *approvals.MUTANTS,
    *approval_pages.MUTANTS,
    *audit.MUTANTS,
    *wiring.MUTANTS,
    *clients.MUTANTS,
    *bundle.MUTANTS,
    *sandbox.MUTANTS,
    *pages.MUTANTS,
    *bridge.MUTANTS,
)
