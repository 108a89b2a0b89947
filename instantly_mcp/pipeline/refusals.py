"""Constructors of the errors that refuse an HTTP request.

Errors in an MCP message are in ``protocol.wire.errors``. No refusal repeats anything
that the client sent, because that may hold a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from .._credential import place_of
from ..protocol.wire.errors import (
    INVALID_REQUEST,
    SERVER_ERROR,
    ProtocolError,
    invalid_request,
    unauthorized,
)
from .credential_errors import RefusalReason
from .key_form import Mistake
from .mcp_path import PATH_FORM

_IN_HEADER = "Authorization header"

WINDOW_SECONDS = 60
"""The admission limit is a number of messages in this time."""


def _retry_in(seconds: float) -> Sequence[tuple[str, str]]:
    return (("Retry-After", str(max(1, ceil(seconds)))),)


def origin_refused() -> ProtocolError:
    """The request comes from a web page whose origin is not allowed."""
    return ProtocolError(
        SERVER_ERROR,
        "Forbidden: this Origin is not allowed",
        {"hint": "Only the server operator can allow another origin."},
        status=403,
    )


def host_refused() -> ProtocolError:
    """The Host header does not name this server."""
    return ProtocolError(
        SERVER_ERROR,
        "Misdirected request: the Host header must name this server, once",
        {"hint": "Only the server operator can allow another host name."},
        status=421,
    )


def proxied_without_secret(header: str) -> ProtocolError:
    """The operator's key is for callers on this machine, and this one used a proxy.

    :param header: the lower-case name of the header that the proxy added.
    """
    return ProtocolError(
        SERVER_ERROR,
        "Forbidden: only programs on the server's own machine may use its Instantly "
        f"key, and this request came through a proxy (it has the header {header}). "
        "Send your own Instantly API key in x-instantly-api-key, or ask the server "
        "operator to set a server secret.",
        {"reason": RefusalReason.PROXIED},
        status=403,
    )


def hosts_differ() -> ProtocolError:
    """More than one Host header: a proxy may use the one, and this server the other."""
    return invalid_request("exactly one Host header is allowed")


def rate_exceeded(limit: int, retry_after: float, reset_time: str) -> ProtocolError:
    """Too many messages with one key or from one address.

    :param limit: messages a minute.
    :param retry_after: seconds until the request may be sent again.
    :param reset_time: the same as a moment, in ISO 8601.
    """
    return ProtocolError(
        SERVER_ERROR,
        "Rate limit exceeded",
        {"limit": limit, "window": WINDOW_SECONDS, "resetTime": reset_time},
        status=429,
        headers=_retry_in(retry_after),
    )


def batch_too_large(messages: int, limit: int) -> ProtocolError:
    """The batch holds more messages than its sender may send in a whole minute."""
    return invalid_request(
        f"a batch of {messages} messages is more than this server accepts from one "
        f"caller in a minute ({limit}). Send smaller batches"
    )


def too_many_tries(retry_after: float) -> ProtocolError:
    """One address presents keys too often on routes outside of MCP.

    :param retry_after: seconds until the request may be sent again.
    """
    return ProtocolError(
        SERVER_ERROR,
        "Rate limit exceeded",
        status=429,
        headers=_retry_in(retry_after),
    )


def not_acceptable() -> ProtocolError:
    """The Accept header excludes both content types of answers."""
    return ProtocolError(
        SERVER_ERROR,
        "Not Acceptable: answers are application/json or text/event-stream",
        status=406,
    )


def media_type_refused() -> ProtocolError:
    """The Content-Type is not JSON."""
    return ProtocolError(
        SERVER_ERROR,
        "Unsupported Media Type: Content-Type must be application/json",
        status=415,
    )


def encoding_refused() -> ProtocolError:
    """The body is compressed. It is not decoded, because it could grow to any size."""
    return ProtocolError(
        INVALID_REQUEST,
        "Content-Encoding is not supported: send the body uncompressed",
        status=415,
        headers=(("Accept-Encoding", "identity"),),
    )


def bad_key(source: str, mistake: Mistake) -> ProtocolError:
    """The value found in place of a key cannot be a key.

    :param source: where it was found, see `Presented`.
    """
    if source == "path":
        return unauthorized(
            f"Invalid API key in URL path: what was found there is {mistake.found}.",
            {
                "reason": mistake.reason,
                "format": PATH_FORM,
                "example": "/mcp/your-instantly-api-key-here",
                "note": "Put the whole Instantly API key or connection token, "
                "URL-encoded, at the end of the path.",
            },
        )
    place = place_of(source)
    return unauthorized(
        f"Invalid API key: what was found in {place} is {mistake.found}.",
        {"reason": mistake.reason},
    )


def bad_scheme() -> ProtocolError:
    """``Authorization`` with a scheme other than ``Bearer``."""
    return unauthorized(
        "Unsupported Authorization scheme: only 'Authorization: Bearer KEY' is "
        "supported.",
        {"reason": RefusalReason.SCHEME},
    )


def key_required_on_messages(parameters: Sequence[str]) -> ProtocolError:
    """No key on ``/messages``: 400 and -32000 there, where ``/mcp`` answers 401.

    Clients of HTTP+SSE expect that status.

    :param parameters: the query parameters that may hold a key.
    """
    place = f"{' or '.join(parameters)} query parameter"
    return ProtocolError(
        SERVER_ERROR,
        f"Bad Request: API key required ({place if parameters else _IN_HEADER}): this "
        "call reaches Instantly, and no Instantly key came with it.",
        {"reason": RefusalReason.KEY_MISSING},
        status=400,
    )
