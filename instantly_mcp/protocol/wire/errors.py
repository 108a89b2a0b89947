"""JSON-RPC errors with their codes and HTTP statuses.

One table maps codes to statuses. Other modules do not write codes: they call a named
constructor of this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, field

from ..._json_codec import Json, JsonObject

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

SESSION_NOT_FOUND_REASON = "session_not_found"
"""``data.reason`` of `session_not_found`."""

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


def internal_error(incident: str, *, status: int = 200) -> ProtocolError:
    """This server has a bug: see `incidents.report_bug`, which also logs it.

    :param incident: the id under which the log has the traceback.
    """
    return ProtocolError(
        INTERNAL_ERROR,
        "Internal error. The server operator can find it in the log by incident id.",
        {"incident": incident},
        status=status,
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


def credential_required() -> ProtocolError:
    """The feature needs a credential, and the request has none."""
    return unauthorized("This request needs a credential, and it has none.")


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
        {"reason": SESSION_NOT_FOUND_REASON, "hint": hint},
        status=404,
    )
