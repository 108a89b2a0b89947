"""Explains answers that are not those of a daemon that serves this client."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..._json_codec import Json, JsonObject
from ..._visible_text import visible_line
from ..http.address import DaemonAddress
from .problem import Problem, turned_away, unreachable

MAX_QUOTED = 400

TOO_LARGE = frozenset({413, 414, 431})
"""Statuses about one message, of the daemon or of a proxy: others can be sent."""

ASK_FOR_ADDRESS = (
    "Check the address, which usually ends in /mcp, with the person who gave it to you."
)


def redirected(location: str, address: DaemonAddress) -> Problem:
    """Return the problem of an answer that names another address.

    It is not followed: the token would reach another server.
    """
    to = urlsplit(location)
    same_host = (to.hostname or "").lower() == address.origin.host
    if same_host and to.scheme == "https" and not address.origin.secure:
        return turned_away(
            f"{address.shown} wants https.",
            f"Set the address to https://{address.origin.host}{address.path}, or ask "
            "your admin for the right one.",
        )
    where = visible_line(f"{to.scheme}://{to.hostname}", 100) if to.hostname else ""
    named = f" to {where}" if where else " to another path"
    return turned_away(
        f"{address.shown} sends this client on{named}, and I do not send your token "
        "there.",
        ASK_FOR_ADDRESS,
    )


def refused(status: int, message: str, address: DaemonAddress) -> Problem:
    """Return the problem of 401 and 403.

    :param message: the daemon's own words; empty if it gave no reason.
    """
    if not message:
        return turned_away(
            f"{address.shown} refused the access ({status}) and gave no reason.",
            "Ask your admin whether your access token is right and still valid.",
        )
    words = visible_line(message, MAX_QUOTED).strip()
    ended = words if words.endswith((".", "!", "?")) else f"{words}."
    return turned_away(
        f"{address.shown} refused the access: {ended}",
        "Set the token that your admin gives you in the configuration of this client.",
    )


def failing(status: int, address: DaemonAddress) -> Problem:
    """Return the problem of a status from 500: a proxy cannot reach the daemon."""
    return unreachable(
        address.shown,
        f"a server in front of it answered {status}",
        f"Try again in a minute. If that does not help, tell your admin; the status "
        f"page: {address.shown}/status",
    )


def busy(message: str, address: DaemonAddress) -> Problem:
    """Return the problem of a daemon that does not serve at the moment."""
    words = visible_line(message, MAX_QUOTED).strip().rstrip(".")
    return unreachable(
        address.shown,
        f"it is busy or restarting: {words}",
        "Try again in a minute. If that does not help, tell your admin.",
    )


def forgetful(address: DaemonAddress) -> Problem:
    """Return the problem of a server that does not have the sessions that it opens."""
    return turned_away(
        f"{address.shown} does not recognize the sessions that it opens.",
        "Tell your admin: several servers may share this address.",
    )


def too_large(status: int, address: DaemonAddress) -> JsonObject:
    """Return the error, still without an id, for a message that has no room."""
    why = (
        f"The message is too large for {address.shown} ({status}). Nothing was done. "
        "Send less at a time."
    )
    return {"jsonrpc": "2.0", "error": {"code": -32600, "message": why}}


def not_mcp(status: int, media: str, body: bytes, address: DaemonAddress) -> Problem:
    """Return the problem of an answer that is not MCP."""
    if status == 400 and b"HTTPS port" in body:
        return turned_away(
            f"{address.shown} wants https.",
            "Set an address that begins with https://, or ask your admin for the "
            "right one.",
        )
    kind = visible_line(media, 60) or "no content"
    return turned_away(
        f"{address.shown} answers, but not as an MCP server ({status}, {kind}).",
        ASK_FOR_ADDRESS,
    )


def error_of(value: Json) -> JsonObject | None:
    """Return the error of a JSON-RPC response, if the value is one."""
    error = value.get("error") if isinstance(value, dict) else None
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return error
    return None
