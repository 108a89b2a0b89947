"""The choice between the workspaces of a connection token."""

from __future__ import annotations

from attrs import frozen
from zope.interface import implementer

from ..._credential import Credential
from ...access.workspaces.book import WorkspaceBook
from ...access.workspaces.refusals import WorkspaceRefusedError, choice_needed
from ...protocol.calls.workspace_choice import (
    IWorkspaceChoice,
    WorkspaceNotChosenError,
)


@implementer(IWorkspaceChoice)
@frozen
class BookChoice:
    """Chooses in the book of workspaces."""

    book: WorkspaceBook

    def choose(self, credential: Credential, name: str | None) -> Credential:
        try:
            if name is None:
                raise choice_needed(credential.rights.workspaces)
            return self.book.choose(credential, name)
        except WorkspaceRefusedError as refused:
            raise WorkspaceNotChosenError(
                refused.problem.value, refused.message, refused.hint, refused.usable
            ) from refused
