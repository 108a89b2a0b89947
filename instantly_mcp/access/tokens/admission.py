"""Which callers a daemon admits by connection token, and what a token makes them.

Once a token was issued, no caller uses the operator's key without one. Whether raw
Instantly keys are still taken is the operator's decision (``tokens_only``).
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from ..._credential import Credential, Secret
from ...pipeline.credential_errors import (
    RefusalReason,
    token_and_key,
    token_fixes_workspace,
    token_refused,
    token_without_workspaces,
    workspace_refused,
)
from ...pipeline.interfaces import Presented
from ...protocol.wire.errors import ProtocolError
from ..workspaces.book import TokenIdentity, WorkspaceBook
from ..workspaces.refusals import WorkspaceRefusedError
from .book import TokenBook
from .token import ConnectionToken, TokenState, is_well_formed

_ENDED = {
    TokenState.EXPIRED: RefusalReason.TOKEN_EXPIRED,
    TokenState.REVOKED: RefusalReason.TOKEN_REVOKED,
}


@frozen(kw_only=True)
class Asked:
    """The workspace that a request names.

    :param workspace_id: the value of ``x-as-workspace``.
    :param alias: the operator's name for a workspace, in path, header or query.
    """

    workspace_id: str | None = None
    alias: str | None = None


@frozen(kw_only=True)
class TokenAdmission:
    """Decides about the tokens that requests present.

    :param only: the setting ``tokens_only``; ``None`` where the operator left it open.
    :param workspaces: the workspaces that tokens can be for.
    """

    book: TokenBook
    only: bool | None = None
    workspaces: WorkspaceBook | None = None

    @property
    def required(self) -> bool:
        """Whether the operator's key is used with a token only."""
        return bool(self.only) or self.book.exist

    @property
    def refuses_keys(self) -> bool:
        """Whether callers must not use Instantly keys of their own."""
        return self.book.exist if self.only is None else self.only

    def valid(self, value: str) -> ConnectionToken | None:
        """Return the valid token with this value."""
        token = self.book.find(value)
        return None if token is None or token.state in _ENDED else token

    def admit(
        self, presented: Sequence[Presented], asked: Asked, own: Secret | None
    ) -> Credential | ProtocolError:
        """Return what a request with a connection token acts with, or its error.

        :param presented: the values in the places for keys, but for the server secret;
            at least one of them looks like a token, and is never taken for a key.
        :param own: the Instantly key of tokens without a workspace, if there is one.
        """
        found = presented[0]
        if any(key.value != found.value for key in presented):
            return token_and_key()
        token = self._checked(found.value)
        if isinstance(token, ProtocolError):
            return token
        if asked.workspace_id is not None:
            return token_fixes_workspace()
        if token.workspaces:
            credential = self._in_book(token, found.source, asked.alias)
        elif asked.alias is not None:
            credential = token_without_workspaces()
        else:
            credential = _with_operator_key(token, found.source, own)
        if isinstance(credential, Credential):
            self.book.used(token)
        return credential

    def renewed(self, credential: Credential) -> Credential | ProtocolError:
        """Return the credential of a token as it is now, or why there is none now."""
        rights = self.book.current(credential.rights)
        if rights is None:
            token = self.book.get(credential.rights.token or "")
            if token is None:
                return token_refused(RefusalReason.TOKEN_UNKNOWN)
            return _ended(token)
        return credential.with_rights(rights)

    def _checked(self, value: str) -> ConnectionToken | ProtocolError:
        token = self.book.find(value)
        if token is None:
            whole = is_well_formed(value)
            return token_refused(
                RefusalReason.TOKEN_UNKNOWN if whole else RefusalReason.TOKEN_MISTYPED
            )
        if token.state in _ENDED:
            return _ended(token)
        return token

    def _in_book(
        self, token: ConnectionToken, source: str, alias: str | None
    ) -> Credential | ProtocolError:
        if self.workspaces is None:
            return token_refused(RefusalReason.TOKEN_WITHOUT_KEY)
        identity = TokenIdentity(
            source=source, rights=token.rights, aliases=token.workspaces
        )
        try:
            return self.workspaces.credential_for(identity, alias)
        except WorkspaceRefusedError as error:
            return workspace_refused(f"{error.message} {error.hint}", error.usable)


def _ended(token: ConnectionToken) -> ProtocolError:
    when = token.expires if token.state is TokenState.EXPIRED else token.ended
    return token_refused(_ENDED[token.state], when)


def _with_operator_key(
    token: ConnectionToken, source: str, own: Secret | None
) -> Credential | ProtocolError:
    if own is None:
        return token_refused(RefusalReason.TOKEN_WITHOUT_KEY)
    return Credential(
        secret=own, source=source, principal=token.id, rights=token.rights
    )
