"""What the book of workspaces needs from other packages."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.defer import Deferred
from zope.interface import Interface

from .entry import WorkspaceEntry


class IWorkspaceStore(Interface):
    """Keeps the entries of workspaces. It has no keys, only the paths of key files."""

    def load() -> Deferred[Sequence[WorkspaceEntry]]:
        """Return all entries, in the order of their aliases."""

    def add(entries: Sequence[WorkspaceEntry]) -> Deferred[None]:
        """Add entries: all of them, or none.

        Fails when an alias exists already.
        """

    def remove(alias: str) -> Deferred[None]:
        """Remove an entry, if there is one of this alias."""
