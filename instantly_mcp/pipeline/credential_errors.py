"""Errors about credentials: what was sent, what is missing, and how to send it.

`RefusalReason` lists the causes. Clients find them in ``error.data.reason``, and they
label the metric of refusals, so they are few and constant.
"""

from __future__ import annotations

from collections.abc import Sequence

from .._json_codec import Json
from .._times import utc_day
from ..protocol.wire.errors import (
    INVALID_REQUEST,
    SESSION_NOT_FOUND_REASON,
    ProtocolError,
    unauthorized,
)

KEY_FORMATS: Sequence[str] = (
    "Authorization: Bearer YOUR_KEY",
    "x-instantly-api-key: YOUR_KEY",
    "x-api-key: YOUR_KEY",
    "POST /mcp/YOUR_KEY",
    "POST /mcp?apiKey=YOUR_KEY",
)
"""Every way to send a key; settings can disable some of them."""


NOT_ADMITTED = "Unauthorized: Invalid or missing API key"
"""The beginning of every error about the server secret."""

SEND_SECRET = (
    "send it as 'Authorization: Bearer SERVER_SECRET' or 'x-api-key: SERVER_SECRET'"
)
SEND_KEY = "Send the Instantly key in the header x-instantly-api-key"
KEY_BESIDE = f"{SEND_KEY} beside it"


class RefusalReason:
    """Why a key, session or selection was refused: ``data.reason``, a metrics label."""

    SECRET_MISSING = "server_secret_missing"
    SECRET_WRONG = "server_secret_wrong"
    KEY_MISSING = "instantly_key_missing"
    KEY_MALFORMED = "key_malformed"
    KEY_PLACEHOLDER = "key_placeholder"
    TOKEN_REQUIRED = "connection_token_required"
    TOKEN_MISTYPED = "connection_token_mistyped"
    TOKEN_UNKNOWN = "connection_token_unknown"
    TOKEN_EXPIRED = "connection_token_expired"
    TOKEN_REVOKED = "connection_token_revoked"
    TOKEN_AND_KEY = "connection_token_and_key"
    TOKEN_WORKSPACE = "connection_token_workspace"
    TOKEN_WITHOUT_KEY = "connection_token_without_key"
    APPROVER_SECRET = "approver_secret"
    SCHEME = "authorization_scheme"
    TWO_KEYS = "two_keys"
    WORKSPACE = "workspace_not_allowed"
    SELECTION = "selection_unknown"
    PROXIED = "proxied_without_secret"
    SESSION_NEEDS_KEY = "session_needs_key"
    SESSION_NOT_FOUND = SESSION_NOT_FOUND_REASON


_REASONS = frozenset(
    value for name, value in vars(RefusalReason).items() if not name.startswith("_")
)


def key_required(formats: Sequence[str] = KEY_FORMATS) -> ProtocolError:
    """The call needs Instantly, and the request has no credential.

    :param formats: the accepted ways to send one.
    """
    return unauthorized(
        "Instantly API key required: this call reaches Instantly, and no Instantly key "
        f"came with it. {SEND_KEY}.",
        {
            "reason": RefusalReason.KEY_MISSING,
            "supportedFormats": list(formats),
            "note": "Create a key in Instantly under Settings > Integrations > API.",
        },
    )


def session_needs_key(formats: Sequence[str] = KEY_FORMATS) -> ProtocolError:
    """The request names a session that was opened with a key, but has no key.

    The specification forbids using a session id as a credential.
    """
    return unauthorized(
        "Instantly API key required: this session was opened with an Instantly key, "
        f"and its id does not replace the key. {SEND_KEY}, on every request.",
        {"reason": RefusalReason.SESSION_NEEDS_KEY, "supportedFormats": list(formats)},
    )


def server_secret_missing(*, needs_key: bool) -> ProtocolError:
    """The daemon requires a server secret, and the request has none.

    :param needs_key: whether callers must also send their own Instantly key.
    """
    beside = f". {KEY_BESIDE}" if needs_key else ""
    return unauthorized(
        f"{NOT_ADMITTED}. The server secret is missing: {SEND_SECRET}{beside}.",
        {"reason": RefusalReason.SECRET_MISSING},
    )


def server_secret_wrong(places: str, *, needs_key: bool) -> ProtocolError:
    """The daemon requires a server secret, and the request has a different value.

    :param places: a description of where the value was found, never the value.
    :param needs_key: whether callers must also send their own Instantly key.
    """
    beside = f". {KEY_BESIDE}" if needs_key else ""
    return unauthorized(
        f"{NOT_ADMITTED}. What was found in {places} is not the server secret: "
        f"{SEND_SECRET}{beside}.",
        {"reason": RefusalReason.SECRET_WRONG},
    )


def two_keys() -> ProtocolError:
    """The request has two different keys, so it is unclear which one is meant."""
    return ProtocolError(
        INVALID_REQUEST,
        "Invalid request: two different API keys in one request; neither was used",
        {"reason": RefusalReason.TWO_KEYS},
    )


def unknown_workspace() -> ProtocolError:
    """The request names a workspace by its alias, which is for connection tokens."""
    return ProtocolError(
        INVALID_REQUEST,
        "Invalid request: it names a workspace, and only a connection token reaches "
        "workspaces by their names. Nothing was done.",
        {"reason": RefusalReason.WORKSPACE},
    )


def token_without_workspaces() -> ProtocolError:
    """The request names a workspace beside a connection token that is for none."""
    return ProtocolError(
        INVALID_REQUEST,
        "Invalid request: the connection token is for the server's own workspace, and "
        "nothing was done. Send no workspace name beside it.",
        {"reason": RefusalReason.WORKSPACE},
    )


def workspace_refused(why: str, usable: Sequence[str]) -> ProtocolError:
    """The connection token of the request is for other workspaces.

    :param why: a sentence.
    :param usable: names of workspaces that the token is for.
    """
    return ProtocolError(
        INVALID_REQUEST,
        f"Invalid request: {why}",
        {"reason": RefusalReason.WORKSPACE, "valid": list(usable)},
        status=403,
    )


TOKEN_FORMATS: Sequence[str] = (
    "Authorization: Bearer CONNECTION_TOKEN",
    "x-instantly-api-key: CONNECTION_TOKEN",
    "x-api-key: CONNECTION_TOKEN",
)
"""The ways to send a connection token that keep it out of logs of URLs."""

_ASK = "Ask the operator of this server for a connection token."
_ASK_FOR_NEW = "Ask the operator of this server for a new one"

_TOKEN_FLAWS = {
    RefusalReason.TOKEN_MISTYPED: (
        "it was mistyped or cut, or its case was changed. Copy it again, whole"
    ),
    RefusalReason.TOKEN_UNKNOWN: "this server did not issue it. " + _ASK[:-1],
    RefusalReason.TOKEN_EXPIRED: "it expired{on}. " + _ASK_FOR_NEW,
    RefusalReason.TOKEN_REVOKED: "it was revoked{on}. " + _ASK_FOR_NEW,
    RefusalReason.TOKEN_WITHOUT_KEY: (
        "this server has no Instantly key for it. The operator of this server has to "
        "add one"
    ),
}


def token_refused(reason: str, ended: float | None = None) -> ProtocolError:
    """The request has a connection token that is not valid.

    :param reason: why, one of `_TOKEN_FLAWS`. Only a caller that holds the whole token
        learns that it expired or was revoked.
    :param ended: when it did, in seconds since the epoch, if that is known.
    """
    day = "" if ended is None else f" on {utc_day(ended)}"
    flaw = _TOKEN_FLAWS[reason].format(on=day)
    return unauthorized(f"Connection token refused: {flaw}.", {"reason": reason})


def approver_secret_refused(place: str) -> ProtocolError:
    """The request has the secret of an approver, which is not for programs.

    :param place: where it was found, in words for people.
    """
    return unauthorized(
        f"Unauthorized: {place} has an approver's secret, which is for the page of "
        "approvals only. Tell its owner that a program has it.",
        {"reason": RefusalReason.APPROVER_SECRET},
    )


def token_required() -> ProtocolError:
    """The server takes connection tokens only, and the request has none."""
    return unauthorized(
        "Connection token required: this server takes connection tokens (imt_…) in "
        f"place of Instantly keys. {_ASK}",
        {
            "reason": RefusalReason.TOKEN_REQUIRED,
            "supportedFormats": list(TOKEN_FORMATS),
        },
    )


def token_and_key() -> ProtocolError:
    """The request has a connection token and another value in the places for keys."""
    return ProtocolError(
        INVALID_REQUEST,
        "Invalid request: a connection token together with another key; neither was "
        "used. Send the connection token alone.",
        {"reason": RefusalReason.TOKEN_AND_KEY},
    )


def token_fixes_workspace() -> ProtocolError:
    """The request names an Instantly workspace, which its token decides."""
    return ProtocolError(
        INVALID_REQUEST,
        "Invalid request: the connection token decides which workspace is used, and "
        "nothing was done. Send no x-as-workspace header beside it.",
        {"reason": RefusalReason.TOKEN_WORKSPACE},
    )


def reason_in(data: Json) -> str | None:
    """Return the `RefusalReason` in the data of an error, or ``None``."""
    reason = data.get("reason") if isinstance(data, dict) else None
    return str(reason) if reason in _REASONS else None
