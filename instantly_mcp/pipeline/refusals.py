"""What the edge of the daemon refuses, each with its words and its HTTP status.

These refusals concern the HTTP request itself; what may be wrong with an MCP message
stands in ``protocol.errors``. No refusal repeats anything that the client sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from .._credential import place_of
from ..protocol.wire.errors import (
    SERVER_ERROR,
    ProtocolError,
    Reason,
    invalid_request,
    unauthorized,
)
from .key_form import Mistake

_IN_HEADER = "Authorization header"

WINDOW = 60
"""Seconds over which the admission limit counts."""


def origin_refused() -> ProtocolError:
    """A web page of an origin that is not on the list sent this."""
    return ProtocolError(
        SERVER_ERROR,
        "Forbidden: this Origin is not allowed",
        {"hint": "Whoever runs this server decides which origins may call."},
        status=403,
    )


def host_refused() -> ProtocolError:
    """The Host header names a host that this daemon is not."""
    return ProtocolError(
        SERVER_ERROR,
        "Misdirected request: the Host header must name this server, once",
        {"hint": "Whoever runs this server decides by which names it is called."},
        status=421,
    )


def proxied_without_secret(header: str) -> ProtocolError:
    """The operator's key is for callers on this machine; a proxy may bring others.

    :param header: the lower-case name of the header that shows the proxy.
    """
    return ProtocolError(
        SERVER_ERROR,
        "Forbidden: this server lends its Instantly key to programs on its own machine "
        f"only, and this request came through a proxy (it has the header {header}). "
        "Send your own Instantly API key in x-instantly-api-key, or ask the server "
        "operator to set a server secret.",
        {"reason": Reason.PROXIED},
        status=403,
    )


def hosts_differ() -> ProtocolError:
    """More than one Host header: no two readers would agree on which one counts."""
    return invalid_request("exactly one Host header is allowed")


def rate_exceeded(limit: int, retry_after: float, reset_time: str) -> ProtocolError:
    """Too many messages from one principal or one address.

    :param reset_time: when the request may come again, in ISO 8601.
    """
    return ProtocolError(
        SERVER_ERROR,
        "Rate limit exceeded",
        {"limit": limit, "window": WINDOW, "resetTime": reset_time},
        status=429,
        headers=(("Retry-After", str(max(1, ceil(retry_after)))),),
    )


def batch_too_large(messages: int, limit: int) -> ProtocolError:
    """The batch holds more messages than its sender may send in a whole minute."""
    return invalid_request(
        f"a batch of {messages} messages is more than this server accepts from one "
        f"caller in a minute ({limit}), so it can never pass. Send smaller batches"
    )


def too_many_tries(retry_after: float) -> ProtocolError:
    """One address presents keys too often where no call is made."""
    return ProtocolError(
        SERVER_ERROR,
        "Rate limit exceeded",
        status=429,
        headers=(("Retry-After", str(max(1, ceil(retry_after)))),),
    )


def not_acceptable() -> ProtocolError:
    """The client excludes both types in which an answer can come."""
    return ProtocolError(
        SERVER_ERROR,
        "Not Acceptable: answers are application/json or text/event-stream",
        status=406,
    )


def media_type_refused() -> ProtocolError:
    """The body is declared to be something else than JSON."""
    return ProtocolError(
        SERVER_ERROR,
        "Unsupported Media Type: Content-Type must be application/json",
        status=415,
    )


def encoding_refused() -> ProtocolError:
    """The body is compressed: decoding could make any size of it."""
    return ProtocolError(
        SERVER_ERROR,
        "Unsupported Media Type: Content-Encoding is not supported",
        status=415,
        headers=(("Accept-Encoding", "identity"),),
    )


def bad_key(source: str, mistake: Mistake) -> ProtocolError:
    """Something stands where a key belongs, and it can be no key.

    :param source: where it was found, see `Presented`.
    """
    if source == "path":
        return unauthorized(
            f"Invalid API key in URL path: what was found there is {mistake.found}.",
            {
                "reason": mistake.reason,
                "format": "/mcp/{INSTANTLY_API_KEY}",
                "example": "/mcp/your-instantly-api-key-here",
                "note": "Put the whole Instantly API key, URL-encoded, behind /mcp/.",
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
        {"reason": Reason.SCHEME},
    )


def key_required_on_messages(parameters: Sequence[str]) -> ProtocolError:
    """``/messages`` has always said 400 and -32000 where ``/mcp`` says 401.

    :param parameters: of the query, in which a key may stand.
    """
    place = f"{' or '.join(parameters)} query parameter"
    return ProtocolError(
        SERVER_ERROR,
        f"Bad Request: API key required ({place if parameters else _IN_HEADER}): this "
        "call reaches Instantly, and no Instantly key came with it.",
        {"reason": Reason.KEY_MISSING},
        status=400,
    )
