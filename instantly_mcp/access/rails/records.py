"""What the rails keep in the database, as values.

A request is identified by `request_digest`: equal for equal calls of the API by one
caller in one workspace, also after a restart and after the caller's key was replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from hashlib import sha256

from attrs import field, frozen

from ..._json_codec import JsonObject, dumps
from ..canonical import digest_of


def owner_of(principal: str, workspace_key: str) -> str:
    """Return what caps and records are kept by: a caller in a workspace."""
    return sha256(dumps([principal, workspace_key])).hexdigest()[:32]


def request_digest(owner: str, operation_id: str, arguments: JsonObject) -> str:
    """Return a digest that is equal for equal calls of the API by one owner.

    :param owner: from `owner_of`.
    :param arguments: those of the operation, by the names of the API.
    """
    return digest_of([owner, operation_id, dict(arguments)])


@frozen(kw_only=True)
class Reservation:
    """What one act counts against the caps.

    :param act: the id of the act.
    :param owner: from `owner_of`.
    :param call: the id of the MCP call that makes the act, maybe with others.
    :param amounts: by the name of the cap; each more than 0.
    """

    act: str
    owner: str
    call: str
    amounts: Mapping[str, int]


@frozen(kw_only=True)
class Caps:
    """The most of each kind, by the name of the cap; what is not named has no cap.

    :param daily: for one owner, in any 24 hours.
    :param per_call: for one MCP call.
    """

    daily: Mapping[str, int] = field(factory=dict)
    per_call: Mapping[str, int] = field(factory=dict)


@frozen(kw_only=True)
class CapReached:
    """A cap that leaves no room for an act.

    :param most: the cap.
    :param used: what counts against it already.
    :param asked: what the act would add.
    :param room_at: the time at which there is room, in seconds since the epoch;
        ``None`` if waiting does not help.
    :param per_call: whether it is a cap of one call.
    """

    cap: str
    most: int
    used: int
    asked: int
    room_at: float | None
    per_call: bool = False


class WriteState(Enum):
    """What is known of a write.

    :cvar SENDING: it is about to be sent, or was sent; when a daemon starts, this
        means that the one before ended meanwhile.
    :cvar UNKNOWN: it was sent, and whether it took effect is not known.
    :cvar LOOKED_AT: the same, and the caller has read the present state since.
    :cvar DONE: it took effect.
    :cvar SETTLED: nothing depends on the record any more: the outcome is known, or an
        equal write was made after a look.
    """

    SENDING = "sending"
    UNKNOWN = "unknown"
    LOOKED_AT = "looked_at"
    DONE = "done"
    SETTLED = "settled"


@frozen(kw_only=True)
class WriteRecord:
    """One write that was sent, or may have been sent.

    :param act: the id of the act.
    :param request: from `request_digest`.
    :param owner: from `owner_of`.
    :param operation: its id.
    :param at: when it began, in seconds since the epoch.
    """

    act: str
    request: str
    owner: str
    operation: str
    at: float
    state: WriteState = WriteState.SENDING


@frozen
class Switched:
    """The last command that switched sending off or on.

    :param at: seconds since the epoch.
    :param by: who gave it.
    """

    off: bool
    at: float
    by: str
