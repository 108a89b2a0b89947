"""What each access level permits."""

from __future__ import annotations

from collections.abc import Collection

from .._rights import Level
from ..catalog.operation import Operation, Risk

_NOT_IN_DRAFT = frozenset(Risk) - {Risk.REDIRECTS}
"""What a caller of the level draft cannot do. Redirecting mail of something that does
not send yet is a draft; the policy decides about it."""


def risks_of(level: Level) -> frozenset[Risk]:
    """Return the risk classes that a level permits at all."""
    if level is Level.FULL:
        return frozenset(Risk)
    return frozenset(Risk) - _NOT_IN_DRAFT if level is Level.DRAFT else frozenset()


def permits(level: Level, operation: Operation, risks: Collection[Risk]) -> bool:
    """Say whether a level permits a call.

    :param risks: the classes of this very call: an operation that sends only if a
        campaign is active has `Risk.SENDS` if it is.
    """
    if operation.effect.read_only or level is Level.FULL:
        return True
    if level is Level.READ_ONLY:
        return False
    return operation.stops or _NOT_IN_DRAFT.isdisjoint(risks)
