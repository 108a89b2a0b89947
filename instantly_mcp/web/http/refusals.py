"""The errors of the HTTP layer, and how any error becomes an answer.

Requests that never reach the pipeline are refused with `ProtocolError` values, as in
the pipeline. On an MCP route the answer is a JSON-RPC error, on other routes a plain
object; it is always JSON, never HTML. No error repeats anything of the request, because
a path may hold a key.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..._json_codec import Json, dumps
from ...pipeline.replies.reply import (
    JSON_TYPE,
    Answer,
    label_of_refusal,
    response_answer,
)
from ...protocol.wire.errors import INTERNAL_ERROR, INVALID_REQUEST, ProtocolError
from ...protocol.wire.jsonrpc import Id, Response

_MCP_PREFIXES = ("/mcp", "/sse", "/messages")

_WORDS: Mapping[int, str] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden_origin",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "payload_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    417: "expectation_failed",
    421: "misdirected_request",
    429: "rate_limited",
    431: "header_fields_too_large",
    500: "internal_error",
    503: "too_busy",
    505: "http_version_not_supported",
}
"""The ``error`` member of the plain object, by status."""


def is_mcp_path(path: str) -> bool:
    """Say whether an error on this path must be a JSON-RPC error."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return f"/{first}" in _MCP_PREFIXES


def error_answer(error: ProtocolError, *, mcp: bool, id: Id | None = None) -> Answer:
    """Return an error as a complete answer.

    :param mcp: the request is for an MCP route.
    :param id: of the JSON-RPC request, if it could be read.
    """
    if mcp:
        return response_answer(Response(id, error=error))
    body: dict[str, Json] = {
        "error": _WORDS.get(error.status, "refused"),
        "message": error.message,
    }
    if isinstance(error.data, dict):
        body.update(error.data)
    return Answer(
        status=error.status,
        body=dumps(body),
        headers=(JSON_TYPE, *error.headers),
        reason=label_of_refusal(error.status, error.data),
    )


def malformed(why: str) -> ProtocolError:
    """The bytes are not an HTTP/1.1 request, or could be framed in two ways."""
    return ProtocolError(INVALID_REQUEST, f"Bad request: {why}")


def body_too_large(limit: int) -> ProtocolError:
    """The body is over the limit.

    :param limit: in bytes.
    """
    return ProtocolError(
        INVALID_REQUEST, f"The body is larger than {limit} bytes", status=413
    )


def head_too_large(why: str) -> ProtocolError:
    """There are too many header lines, or too long ones."""
    return ProtocolError(INVALID_REQUEST, why, status=431)


def target_too_long(limit: int) -> ProtocolError:
    """The path and query are over the limit.

    :param limit: in bytes.
    """
    return ProtocolError(
        INVALID_REQUEST, f"The request target is longer than {limit} bytes", status=414
    )


def expectation_failed() -> ProtocolError:
    """The Expect header names something else than ``100-continue``."""
    return ProtocolError(
        INVALID_REQUEST, "The only supported expectation is 100-continue", status=417
    )


def unsupported_version() -> ProtocolError:
    """The request line names another version of HTTP."""
    return ProtocolError(INVALID_REQUEST, "This server supports HTTP/1.1", status=505)


def too_slow(what: str) -> ProtocolError:
    """The request did not arrive in time."""
    return ProtocolError(
        INVALID_REQUEST, f"The {what} did not arrive in time", status=408
    )


def too_busy() -> ProtocolError:
    """The limit of connections, or of request bodies in memory, is reached."""
    return ProtocolError(
        INTERNAL_ERROR,
        "The server is too busy for this request; try again in a few seconds",
        status=503,
        headers=(("Retry-After", "2"),),
    )
