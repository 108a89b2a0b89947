"""The access level that a tool needs at least."""

from __future__ import annotations

from ...._rights import Level
from ....access.levels import permits
from ....catalog.index import BY_ID
from ..declaring.declaration import ToolDeclaration


def least_level(declaration: ToolDeclaration) -> Level:
    """Return the least access level with which a tool can do anything.

    A tool that changes something needs a level that permits at least one of its writes.
    Each of its writes is checked again when it is made, with its arguments.
    """
    if declaration.hints.read_only:
        return Level.READ_ONLY
    named = (declaration.operation, *declaration.also)
    operations = [BY_ID[name] for name in named if name is not None]
    writes = [each for each in operations if not each.effect.read_only]
    for level in (Level.READ_ONLY, Level.DRAFT):
        if any(permits(level, each, each.risks) for each in writes):
            return level
    return Level.FULL
