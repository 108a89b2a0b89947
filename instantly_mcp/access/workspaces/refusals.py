"""Why a caller cannot use a workspace, in words for people and models."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from attrs import define

MAX_SHOWN_ALIASES = 8
"""Most aliases that a message names."""


class WorkspaceProblem(Enum):
    """Why a workspace cannot be used: the code of the error that a caller gets."""

    OTHER = "workspace_not_allowed"
    MISSING = "workspace_required"
    UNAVAILABLE = "workspace_unavailable"


@define(eq=False)
class WorkspaceRefusedError(Exception):
    """The workspace that a caller asks for cannot be used. Nothing was done.

    :param message: one sentence.
    :param hint: what to do.
    :param usable: the aliases that the caller can use, at most `MAX_SHOWN_ALIASES`.
    """

    problem: WorkspaceProblem
    message: str
    hint: str
    usable: Sequence[str] = ()

    def __str__(self) -> str:
        return self.message


def other_workspace(usable: Sequence[str]) -> WorkspaceRefusedError:
    """Return the refusal of a workspace that a caller may not use, or that is unknown.

    It is the same for both, so that no caller learns which workspaces exist.

    :param usable: the aliases that the caller can use.
    """
    return WorkspaceRefusedError(
        WorkspaceProblem.OTHER,
        f"This connection is for {some_of(usable)}, and the request names another "
        "workspace. Nothing was done.",
        "Use one of these, or tell the user that the operator of this server decides "
        "which workspaces there are for this connection.",
        usable[:MAX_SHOWN_ALIASES],
    )


def choice_needed(usable: Sequence[str]) -> WorkspaceRefusedError:
    """Return the refusal of a request that has to name a workspace and names none."""
    return WorkspaceRefusedError(
        WorkspaceProblem.MISSING,
        f"This connection can use {len(usable)} workspaces. Say which: "
        f"{some_of(usable)}.",
        "Nothing was done. Ask the user which one is meant, if that is not clear.",
        usable[:MAX_SHOWN_ALIASES],
    )


def some_of(names: Sequence[str]) -> str:
    """Name at most `MAX_SHOWN_ALIASES`, and say how many more there are."""
    if not names:
        return "no workspace"
    more = len(names) - MAX_SHOWN_ALIASES
    shown = ", ".join(names[:MAX_SHOWN_ALIASES])
    return f"{shown} and {more} more" if more > 0 else shown
