"""Which workspace a request with a connection token acts in."""

from __future__ import annotations

from ..._credential import Credential
from ...pipeline.credential_errors import workspace_refused
from ...protocol.wire.errors import ProtocolError
from .book import TokenIdentity, WorkspaceBook
from .refusals import WorkspaceRefusedError


def admitted(
    book: WorkspaceBook, token: TokenIdentity, *, header: str | None, alias: str | None
) -> Credential | ProtocolError:
    """Return the credential of a request with a token, or why it is refused.

    :param token: its aliases are not empty.
    :param header: the value of ``x-as-workspace``. Beside a token it is refused,
        because it could lead from the workspace of the token to another one that the
        same key reaches.
    :param alias: the workspace that the request names, in path, header or query.
    """
    if header is not None:
        return workspace_refused(
            "the token decides the workspace, and x-as-workspace cannot be sent beside "
            "it. Nothing was done.",
            (),
        )
    try:
        return book.credential_for(token, alias)
    except WorkspaceRefusedError as refused:
        return workspace_refused(f"{refused.message} {refused.hint}", refused.usable)
