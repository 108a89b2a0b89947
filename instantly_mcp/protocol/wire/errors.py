"""Protocol errors: what may be wrong with a message, and the HTTP status it earns.

One table maps codes to statuses. A handler never invents a code: it uses a named
constructor here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, field

from ..._json import Json, JsonObject

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_ERROR = -32000
UNAUTHORIZED = -32001
RESOURCE_NOT_FOUND = -32002
HEADER_MISMATCH = -32020
MISSING_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022
OVERLOADED = -31503
"""Ours: JSON-RPC leaves all codes outside of -32768..-32000 to applications."""

_HTTP_STATUS: Mapping[int, int] = {
    PARSE_ERROR: 400,
    INVALID_REQUEST: 400,
    METHOD_NOT_FOUND: 200,
    INVALID_PARAMS: 200,
    INTERNAL_ERROR: 200,
    SERVER_ERROR: 400,
    UNAUTHORIZED: 401,
    RESOURCE_NOT_FOUND: 200,
    HEADER_MISMATCH: 400,
    MISSING_CAPABILITY: 400,
    UNSUPPORTED_VERSION: 400,
    OVERLOADED: 503,
}

KEY_FORMATS: Sequence[str] = (
    "Authorization: Bearer YOUR_KEY",
    "x-instantly-api-key: YOUR_KEY",
    "x-api-key: YOUR_KEY",
    "POST /mcp/YOUR_KEY",
    "POST /mcp?apiKey=YOUR_KEY",
)
"""Every way to bring a key; a daemon may have closed some."""


NOT_ADMITTED = "Unauthorized: Invalid or missing API key"
"""How every refusal for want of the server secret begins."""

SEND_SECRET = (
    "send it as 'Authorization: Bearer SERVER_SECRET' or 'x-api-key: SERVER_SECRET'"
)
SEND_KEY = "Send the Instantly key in the header x-instantly-api-key"
KEY_BESIDE = f"{SEND_KEY} beside it"


class Reason:
    """Why a key or a session was refused: ``data.reason``, and a label of metrics."""

    SECRET_MISSING = "server_secret_missing"
    SECRET_WRONG = "server_secret_wrong"
    KEY_MISSING = "instantly_key_missing"
    KEY_MALFORMED = "key_malformed"
    KEY_PLACEHOLDER = "key_placeholder"
    TOKEN_UNKNOWN = "connection_token_unknown"
    SCHEME = "authorization_scheme"
    TWO_KEYS = "two_keys"
    PROXIED = "proxied_without_secret"
    SESSION_NEEDS_KEY = "session_needs_key"
    SESSION_NOT_FOUND = "session_not_found"


_REASONS = frozenset(
    value for name, value in vars(Reason).items() if not name.startswith("_")
)


@define(eq=False)
class ProtocolError(Exception):
    """A JSON-RPC error on its way to the caller.

    :param status: the HTTP status; from the table of codes unless given.
    :param headers: extra HTTP headers that belong to this error (``Retry-After``).
    """

    code: int
    message: str
    data: Json = None
    status: int = field(kw_only=True)
    headers: Sequence[tuple[str, str]] = field(default=(), kw_only=True)

    @status.default
    def _status_of_code(self) -> int:
        return _HTTP_STATUS.get(self.code, 200)

    def __str__(self) -> str:
        return f"{self.code} {self.message}"

    def as_object(self) -> JsonObject:
        """Return the ``error`` member of a JSON-RPC response."""
        body: dict[str, Json] = {"code": self.code, "message": self.message}
        if self.data is not None:
            body["data"] = self.data
        return body


def parse_error(why: str) -> ProtocolError:
    """The body is not JSON."""
    return ProtocolError(PARSE_ERROR, f"Parse error: {why}")


def invalid_request(why: str, *, status: int = 400) -> ProtocolError:
    """The body is JSON, but not a message that is allowed here."""
    return ProtocolError(INVALID_REQUEST, f"Invalid request: {why}", status=status)


def method_not_found(method: str, *, status: int = 200) -> ProtocolError:
    """No such method in this era (404 in the modern era, 200 before it)."""
    return ProtocolError(
        METHOD_NOT_FOUND, f"Method not found: {method[:100]}", status=status
    )


def invalid_params(why: str, data: Json = None, *, status: int = 200) -> ProtocolError:
    """The method exists, its parameters do not fit."""
    return ProtocolError(INVALID_PARAMS, why, data, status=status)


def internal_error(incident: str) -> ProtocolError:
    """A bug of ours. `incident` is what the log calls it."""
    return ProtocolError(
        INTERNAL_ERROR,
        "Internal error. The daemon's log has the details under this incident id.",
        {"incident": incident},
    )


def not_served(why: str, data: Json = None) -> ProtocolError:
    """What is behind us failed to answer: neither a bug nor the caller's fault."""
    return ProtocolError(INTERNAL_ERROR, why, data)


def overloaded(why: str, retry_after: int, data: Json = None) -> ProtocolError:
    """Too much is under way here: the request is refused, and nothing was done.

    :param retry_after: seconds after which it makes sense to try again.
    """
    header = ("Retry-After", str(retry_after))
    return ProtocolError(OVERLOADED, why, data, headers=(header,))


def resource_not_found(uri: str, *, modern: bool) -> ProtocolError:
    """No such resource: -32602 in the modern era, -32002 before it."""
    data = {"uri": uri[:2000]}
    if modern:
        return invalid_params("Resource not found", data)
    return ProtocolError(RESOURCE_NOT_FOUND, "Resource not found", data)


def header_mismatch(why: str) -> ProtocolError:
    """A routing header disagrees with the body, is missing, or is malformed."""
    return ProtocolError(HEADER_MISMATCH, f"Header mismatch: {why}")


def missing_capability(required: JsonObject) -> ProtocolError:
    """The request needs a client capability that it does not declare."""
    return ProtocolError(
        MISSING_CAPABILITY,
        "This request needs a client capability that it does not declare",
        {"requiredCapabilities": required},
    )


def unsupported_version(requested: str, supported: Sequence[str]) -> ProtocolError:
    """The revision named is none that is served statelessly here."""
    return ProtocolError(
        UNSUPPORTED_VERSION,
        "Unsupported protocol version",
        {"supported": list(supported), "requested": requested},
    )


def key_required(formats: Sequence[str] = KEY_FORMATS) -> ProtocolError:
    """The call needs Instantly, and no credential came with it.

    :param formats: the ways in which it may come.
    """
    return unauthorized(
        "Instantly API key required: this call reaches Instantly, and no Instantly key "
        f"came with it. {SEND_KEY}.",
        {
            "reason": Reason.KEY_MISSING,
            "supportedFormats": list(formats),
            "note": "Create a key in Instantly under Settings > Integrations > API.",
        },
    )


def session_needs_key(formats: Sequence[str] = KEY_FORMATS) -> ProtocolError:
    """A request names a session that was opened with a key, and brings no key.

    The specification forbids to take a session id for a credential.
    """
    return unauthorized(
        "Instantly API key required: this session was opened with an Instantly key, "
        f"and its id does not replace the key. {SEND_KEY}, on every request.",
        {"reason": Reason.SESSION_NEEDS_KEY, "supportedFormats": list(formats)},
    )


def server_secret_missing(*, needs_key: bool) -> ProtocolError:
    """The daemon has a server secret, and the request presents nothing.

    :param needs_key: callers bring an Instantly key of their own besides.
    """
    beside = f". {KEY_BESIDE}" if needs_key else ""
    return unauthorized(
        f"{NOT_ADMITTED}. The server secret is missing: {SEND_SECRET}{beside}.",
        {"reason": Reason.SECRET_MISSING},
    )


def server_secret_wrong(places: str, *, needs_key: bool) -> ProtocolError:
    """The daemon has a server secret, and what is presented is another value.

    :param places: where something else was found, in words; never what it is.
    :param needs_key: callers bring an Instantly key of their own besides.
    """
    beside = f". {KEY_BESIDE}" if needs_key else ""
    return unauthorized(
        f"{NOT_ADMITTED}. What was found in {places} is not the server secret: "
        f"{SEND_SECRET}{beside}.",
        {"reason": Reason.SECRET_WRONG},
    )


def two_keys() -> ProtocolError:
    """Two different keys in one request: it cannot be known which one is meant."""
    return ProtocolError(
        INVALID_REQUEST,
        "Invalid request: two different API keys in one request; neither was used",
        {"reason": Reason.TWO_KEYS},
    )


def unauthorized(message: str, data: Json = None) -> ProtocolError:
    """The credential itself is refused by the daemon."""
    return ProtocolError(
        UNAUTHORIZED, message, data, headers=(("WWW-Authenticate", "Bearer"),)
    )


def session_not_found(hint: str) -> ProtocolError:
    """The session is over, or is somebody else's: the client starts a new one."""
    return ProtocolError(
        UNAUTHORIZED,
        f"Session not found. {hint}",
        {"reason": Reason.SESSION_NOT_FOUND, "hint": hint},
        status=404,
    )


def reason_of(error: ProtocolError) -> str | None:
    """Return the `Reason` of an error about a key or a session, as a short label.

    The values are constant and few: they are fit for a metric.
    """
    return reason_in(error.data)


def reason_in(data: Json) -> str | None:
    """Return the `Reason` that the data of an error names, if it is one."""
    reason = data.get("reason") if isinstance(data, dict) else None
    return str(reason) if reason in _REASONS else None
