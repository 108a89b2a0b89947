"""What a client needs to connect: the URL, and the header with its credential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from .._rights import Level


@frozen
class AuthHeader:
    """A header, and the environment variable that contains its value.

    :param prefix: what precedes the value, such as ``Bearer`` and a space.
    :param prompt: what a client shows when it asks for the value.
    """

    header: str
    prefix: str
    variable: str
    prompt: str


AUTH_HEADERS: Mapping[str, AuthHeader | None] = {
    "none": None,
    "key": AuthHeader(
        "x-instantly-api-key", "", "INSTANTLY_API_KEY", "Instantly API key"
    ),
    "token": AuthHeader(
        "Authorization", "Bearer ", "INSTANTLY_TOKEN", "Connection token"
    ),
    "secret": AuthHeader(
        "Authorization", "Bearer ", "MCP_AUTH_SECRET_KEY", "Secret of the MCP server"
    ),
}
"""The kinds of credentials. The sandbox needs none, nor does a server with a key."""


@frozen
class McpAddress:
    """The address of the server's MCP endpoint, as a client needs it.

    :param url: the URL of the endpoint, with no key in it.
    :param auth: the header to send; ``None`` if the server asks for no credential.
    """

    url: str
    auth: AuthHeader | None = None


_LEVEL_PARTS = {Level.READ_ONLY: "/readonly", Level.DRAFT: "/draft", Level.FULL: ""}


def limited(url: str, level: Level, toolsets: Sequence[str] | None = None) -> str:
    """Return the URL with which a client limits itself.

    :param url: the URL of the endpoint, which ends in ``/mcp`` or ``/sse``.
    :param toolsets: the names of toolsets; ``None`` for all.
    :raises ValueError: for another URL that would have to be changed.
    """
    chosen = "" if toolsets is None else f"/x/{','.join(toolsets)}"
    chosen += _LEVEL_PARTS[level]
    if not chosen:
        return url
    path, mark, query = url.partition("?")
    if not path.rstrip("/").endswith(("/mcp", "/sse")):
        raise ValueError("must end in /mcp or /sse to be limited")
    return f"{path.rstrip('/')}{chosen}{mark}{query}"
