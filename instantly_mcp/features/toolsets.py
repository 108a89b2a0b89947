"""Toolsets: the groups of tools that an operator can select."""

from __future__ import annotations

from attrs import frozen

TOOLSETS = (
    "accounts",
    "campaigns",
    "leads",
    "emails",
    "analytics",
    "jobs",
    "server",
)

_EVERY = ("all", "default")
"""Words for all selected toolsets, in a request."""


@frozen
class ToolSelection:
    """The selected toolsets.

    :param toolsets: their names, ``server`` always included.
    :param extra: also list the tools marked as extra.
    """

    toolsets: tuple[str, ...] = TOOLSETS
    extra: bool = False

    @classmethod
    def parse(cls, text: str) -> ToolSelection:
        """Read ``default``, ``all``, or names of toolsets separated by commas.

        :raises ValueError: for an unknown name; the message lists the valid ones.
        """
        names = [name.strip().lower() for name in text.split(",") if name.strip()]
        unknown = [name for name in names if name not in (*TOOLSETS, "default", "all")]
        if unknown or not names:
            wrong = ", ".join(unknown) if unknown else "nothing"
            valid = ", ".join(("default", "all", *TOOLSETS))
            raise ValueError(f"unknown toolset: {wrong}; the valid names are {valid}")
        if "all" in names:
            return cls(TOOLSETS, True)
        if "default" in names:
            return cls()
        wanted = {*names, "server"}
        return cls(tuple(name for name in TOOLSETS if name in wanted))

    def narrowed_to(self, text: str) -> tuple[str, ...] | None:
        """Read the toolsets that a caller limits itself to.

        :param text: ``all``, ``default``, or names of selected toolsets separated by
            commas. ``server`` is always added to the names.
        :returns: ``None`` for all that are selected.
        :raises ValueError: for other names, and for none. The message lists the valid
            ones and does not repeat the text.
        """
        names = {name.strip().lower() for name in text.split(",")}
        if not names <= {*self.toolsets, *_EVERY}:
            valid = ", ".join((*_EVERY, *self.toolsets))
            raise ValueError(f"it has an unknown name; the valid names are {valid}")
        if not names.isdisjoint(_EVERY):
            return None
        wanted = {*names, "server"}
        return tuple(name for name in self.toolsets if name in wanted)

    def includes(self, toolset: str, extra: bool) -> bool:
        """Return whether a tool of this toolset is listed."""
        return toolset in self.toolsets and (self.extra or not extra)
