"""What a caller may do and see: the access level, the toolsets, the workspaces.

Rights are narrowed from place to place: settings, connection token, header, path and
query. No place widens what another one has narrowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from attrs import evolve, field, frozen


class Level(Enum):
    """How much a caller may change.

    :cvar READ_ONLY: nothing.
    :cvar DRAFT: what neither sends, starts, deletes, spends nor exports anything.
    :cvar FULL: what the policy allows.
    """

    READ_ONLY = "read-only"
    DRAFT = "draft"
    FULL = "full"

    @property
    def rank(self) -> int:
        """Its place in the order; a higher rank includes every lower one."""
        return _ORDER.index(self)


_ORDER = (Level.READ_ONLY, Level.DRAFT, Level.FULL)


@frozen(kw_only=True)
class Rights:
    """The rights of a caller.

    :param toolsets: the toolsets that the caller sees, in the daemon's order; ``None``
        for all that the daemon offers.
    :param level_by: which place limited the level to what it is: ``setting``,
        ``token``, ``session``, ``header``, ``path`` or ``query``; empty if none did.
    :param token: the id of the caller's connection token, if it has one.
    :param token_name: the name that the operator gave to that token.
    :param workspaces: the aliases of the workspaces between which the caller chooses;
        empty for the only workspace of its credential.
    """

    level: Level = Level.FULL
    toolsets: tuple[str, ...] | None = None
    level_by: str = field(default="", eq=False)
    token: str | None = None
    token_name: str = ""
    workspaces: tuple[str, ...] = ()

    def narrowed(
        self,
        level: Level | None = None,
        toolsets: Sequence[str] | None = None,
        by: str = "",
    ) -> Rights:
        """Return these rights, further limited. ``None`` limits nothing.

        :param by: the place that limits them; see `level_by`.
        """
        if level is None or level.rank >= self.level.rank:
            level, by = self.level, self.level_by
        seen = self.toolsets
        if toolsets is not None:
            kept = toolsets if seen is None else [n for n in seen if n in toolsets]
            seen = tuple(kept)
        if level is self.level and seen == self.toolsets:
            return self
        return evolve(self, level=level, toolsets=seen, level_by=by)

    @property
    def are_own(self) -> bool:
        """Whether they depend on the caller, and not on the server's settings alone."""
        limited = self.level is not Level.FULL and self.level_by != "setting"
        return bool(
            limited or self.toolsets is not None or self.token or self.workspaces
        )

    def includes(self, other: Rights) -> bool:
        """Say whether level and toolsets permit everything that those of other do."""
        return other.narrowed(self.level, self.toolsets) is other


ALL_RIGHTS = Rights()
"""The rights of a caller whom nothing limits."""
