"""Makes the grants without which the API client sends nothing."""

from __future__ import annotations

from collections.abc import Callable

from twisted.python.failure import Failure

from .._credential import Credential
from .._json_codec import Json
from .._noop import always, noop
from ..api.grant import Grant
from ..catalog.operation import Operation
from .act import Act


def grant_to_read(operation: Operation, credential: Credential) -> Grant:
    """Return the grant of an operation that only reads.

    :raises ValueError: for any other operation.
    """
    if not operation.effect.read_only:
        raise ValueError(f"{operation.id} does not only read")
    _require_workspace(credential)
    return Grant(operation, credential)


def grant_to_write(
    act: Act,
    credential: Credential,
    on_late_end: Callable[[Json | Failure], object] = noop,
    may_go: Callable[[], bool] = always,
) -> Grant:
    """Return the grant of one write, for the arguments that it was decided on.

    :param on_late_end: see `Grant`, like `may_go`.
    """
    _require_workspace(credential)
    return Grant(act.operation, credential, act.arguments, on_late_end, may_go)


def _require_workspace(credential: Credential) -> None:
    """Refuse a credential whose workspace is not chosen: it has no key.

    :raises ValueError: a caller reached Instantly past the choice.
    """
    if credential.rights.workspaces:
        raise ValueError("no workspace is chosen")
