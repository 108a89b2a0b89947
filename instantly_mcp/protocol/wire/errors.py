"""JSON-RPC errors with their codes and HTTP statuses.

One table maps codes to statuses. Other modules do not write codes: they call a named
constructor of this module.
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
"""Defined by this server: codes outside -32768..-32000 are left to applications."""

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
"""Every way to send a key; settings can disable some of them."""


NOT_ADMITTED = "Unauthorized: Invalid or missing API key"
"""The beginning of every error about the server secret."""

SEND_SECRET = (
    "send it as 'Authorization: Bearer SERVER_SECRET' or 'x-api-key: SERVER_SECRET'"
)
SEND_KEY = "Send the Instantly key in the header x-instantly-api-key"
KEY_BESIDE = f"{SEND_KEY} beside it"


class Reason:
    """Why a key or a session was refused: ``data.reason``, and a metrics label."""

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
    """A JSON-RPC error to send to the caller.

    :param data: any JSON value, sent as ``error.data``.
    :param status: the HTTP status; by default the one that belongs to the code.
    :param headers: extra HTTP headers for the response, such as ``Retry-After``.
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
    """The body is JSON, but not a valid message at this point."""
    return ProtocolError(INVALID_REQUEST, f"Invalid request: {why}", status=status)


def method_not_found(method: str, *, status: int = 200) -> ProtocolError:
    """No such method: HTTP status 404 in the modern era, 200 in the legacy era."""
    return ProtocolError(
        METHOD_NOT_FOUND, f"Method not found: {method[:100]}", status=status
    )


def invalid_params(why: str, data: Json = None, *, status: int = 200) -> ProtocolError:
    """The method exists, but its parameters are not valid."""
    return ProtocolError(INVALID_PARAMS, why, data, status=status)


def internal_error(incident: str) -> ProtocolError:
    """This server has a bug.

    :param incident: the id under which the log has the traceback.
    """
    return ProtocolError(
        INTERNAL_ERROR,
        "Internal error. The server operator can find it in the log by incident id.",
        {"incident": incident},
    )


def not_served(why: str, data: Json = None) -> ProtocolError:
    """The upstream did not answer: neither a bug nor the caller's fault."""
    return ProtocolError(INTERNAL_ERROR, why, data)


def overloaded(why: str, retry_after: int, data: Json = None) -> ProtocolError:
    """The server is overloaded: it refused the request and did nothing.

    :param retry_after: seconds after which the client should retry.
    """
    header = ("Retry-After", str(retry_after))
    return ProtocolError(OVERLOADED, why, data, headers=(header,))


def resource_not_found(uri: str, *, modern: bool) -> ProtocolError:
    """No such resource: -32602 in the modern era, -32002 in the legacy era."""
    data = {"uri": uri[:2000]}
    if modern:
        return invalid_params("Resource not found", data)
    return ProtocolError(RESOURCE_NOT_FOUND, "Resource not found", data)


def header_mismatch(why: str) -> ProtocolError:
    """A routing header differs from the body, is missing, or is malformed."""
    return ProtocolError(HEADER_MISMATCH, f"Header mismatch: {why}")


def missing_capability(required: JsonObject) -> ProtocolError:
    """The request needs a client capability that it does not declare."""
    return ProtocolError(
        MISSING_CAPABILITY,
        "This request needs a client capability that it does not declare",
        {"requiredCapabilities": required},
    )


def unsupported_version(requested: str, supported: Sequence[str]) -> ProtocolError:
    """The requested revision is not a supported modern revision."""
    return ProtocolError(
        UNSUPPORTED_VERSION,
        "Unsupported protocol version",
        {"supported": list(supported), "requested": requested},
    )


def key_required(formats: Sequence[str] = KEY_FORMATS) -> ProtocolError:
    """The call needs Instantly, and the request has no credential.

    :param formats: the accepted ways to send one.
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
    """The request names a session that was opened with a key, but has no key.

    The specification forbids using a session id as a credential.
    """
    return unauthorized(
        "Instantly API key required: this session was opened with an Instantly key, "
        f"and its id does not replace the key. {SEND_KEY}, on every request.",
        {"reason": Reason.SESSION_NEEDS_KEY, "supportedFormats": list(formats)},
    )


def server_secret_missing(*, needs_key: bool) -> ProtocolError:
    """The daemon requires a server secret, and the request has none.

    :param needs_key: whether callers must also send their own Instantly key.
    """
    beside = f". {KEY_BESIDE}" if needs_key else ""
    return unauthorized(
        f"{NOT_ADMITTED}. The server secret is missing: {SEND_SECRET}{beside}.",
        {"reason": Reason.SECRET_MISSING},
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
        {"reason": Reason.SECRET_WRONG},
    )


def two_keys() -> ProtocolError:
    """The request has two different keys, so it is unclear which one is meant."""
    return ProtocolError(
        INVALID_REQUEST,
        "Invalid request: two different API keys in one request; neither was used",
        {"reason": Reason.TWO_KEYS},
    )


def unauthorized(message: str, data: Json = None) -> ProtocolError:
    """This server refuses the credential, or requires one."""
    return ProtocolError(
        UNAUTHORIZED, message, data, headers=(("WWW-Authenticate", "Bearer"),)
    )


def session_not_found(hint: str) -> ProtocolError:
    """The session has ended or belongs to another principal: open a new one."""
    return ProtocolError(
        UNAUTHORIZED,
        f"Session not found. {hint}",
        {"reason": Reason.SESSION_NOT_FOUND, "hint": hint},
        status=404,
    )


def reason_of(error: ProtocolError) -> str | None:
    """Return the `Reason` of an error about a key or a session.

    The values are few and constant, so they can be metrics labels.
    """
    return reason_in(error.data)


def reason_in(data: Json) -> str | None:
    """Return the `Reason` in the data of an error, or ``None``."""
    reason = data.get("reason") if isinstance(data, dict) else None
    return str(reason) if reason in _REASONS else None
