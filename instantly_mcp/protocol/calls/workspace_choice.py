"""The workspace of a call, for callers who choose between several.

Such a caller has a credential without a key: `Rights.workspaces` has the names between
which it chooses. The argument `WORKSPACE` of a tool or prompt names one, and the call
then has the credential of that workspace. What belongs to the connection, such as its
tasks, stays with the caller as it was.
"""

from __future__ import annotations

from collections.abc import Sequence

from zope.interface import Interface, implementer

from ..._credential import Credential
from ..._json_codec import Json, JsonObject
from .call import Caller

WORKSPACE = "workspace"
"""The argument that names the workspace."""


class WorkspaceNotChosenError(Exception):
    """A call names no workspace that its caller can use. Nothing was done.

    :param code: a short stable word.
    :param message: one sentence: what is wrong.
    :param hint: what to do.
    :param usable: some names of workspaces that the caller can use.
    """

    def __init__(
        self, code: str, message: str, hint: str, usable: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.usable = usable

    def as_object(self) -> JsonObject:
        """Return the error object of a tool's result."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "workspaces": list(self.usable),
        }


class IWorkspaceChoice(Interface):
    """Knows the workspaces between which callers choose."""

    def choose(credential: Credential, name: str | None) -> Credential:
        """Return the credential of one workspace.

        :param credential: one with `Rights.workspaces`.
        :param name: what the call names; ``None`` if it names none.
        :raises WorkspaceNotChosenError: when the caller cannot use a workspace of this
            name; the answer is the same whether it exists or not.
        """


@implementer(IWorkspaceChoice)
class NoWorkspaces:
    """For a server whose callers never choose."""

    def choose(self, credential: Credential, name: str | None) -> Credential:
        raise WorkspaceNotChosenError(
            "workspace_not_allowed",
            "This server has no workspaces to choose between.",
            "Tell the user that the operator of this server decides it.",
        )


NO_WORKSPACES = NoWorkspaces()


def chooses(caller: Caller) -> bool:
    """Return whether a caller has to choose between workspaces."""
    return caller.credential is not None and bool(caller.credential.rights.workspaces)


def in_workspace(
    choice: IWorkspaceChoice, caller: Caller, arguments: JsonObject, *, needed: bool
) -> tuple[Caller, JsonObject]:
    """Return the caller in the workspace that a call names, and the other arguments.

    Callers who have nothing to choose are returned as they are, with all arguments.

    :param needed: the call must name a workspace.
    :raises WorkspaceNotChosenError: when it names none that the caller can use.
    """
    credential = caller.credential
    if credential is None or not credential.rights.workspaces:
        return caller, arguments
    named = arguments.get(WORKSPACE)
    rest = {name: value for name, value in arguments.items() if name != WORKSPACE}
    if named is None and not needed:
        return caller, rest
    return caller.acting_with(choice.choose(credential, _as_name(named))), rest


def _as_name(named: Json) -> str | None:
    """Return a name as models write it: in any case, with blanks around it."""
    if named is None:
        return None
    return named.strip().lower() if isinstance(named, str) else ""
