"""What a client needs to connect: the URL, and the header with its credential."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import field, frozen

from .._rights import Level

TOKEN_VARIABLE = "INSTANTLY_TOKEN"
"""The environment variable with the token that a client presents, a relay too."""

_NOT_IN_A_URL = re.compile(r'[ "<>\\^`{|}]')
"""Printable ASCII that RFC 3986, section 2, allows in no part of a URL. Shells and
clients give some of it a meaning: `code`, ${VARIABLE}, {env:VARIABLE}."""

_INTERNAL_NAMES = (".internal", ".lan", ".local", ".localhost", ".home.arpa", ".test")
"""Names that have no address in the public DNS (RFC 6761, RFC 6762, RFC 8375)."""


@frozen
class AuthHeader:
    """A header, and the environment variable that contains its value.

    :param prefix: what precedes the value, such as ``Bearer`` and a space.
    :param noun: what the value is, within a sentence.
    :param placeholder: stands for the value where no variable can be named. The server
        recognizes it, and answers that it was not replaced.
    """

    header: str
    prefix: str
    variable: str
    noun: str
    placeholder: str

    @property
    def prompt(self) -> str:
        """What a client shows when it asks for the value."""
        return self.noun[0].upper() + self.noun[1:]

    def value(self, reference: str) -> str:
        """Return the header's value; `reference` is how the client names a variable.

        :param reference: such as ``${env:*}``; the name replaces the asterisk.
        """
        return self.prefix + reference.replace("*", self.variable)


AUTH_HEADERS: Mapping[str, AuthHeader | None] = {
    "none": None,
    "key": AuthHeader(
        "x-instantly-api-key",
        "",
        "INSTANTLY_API_KEY",
        "Instantly API key",
        "your-instantly-key-here",
    ),
    "token": AuthHeader(
        "Authorization",
        "Bearer ",
        TOKEN_VARIABLE,
        "connection token",
        "your-connection-token-here",
    ),
    "secret": AuthHeader(
        "Authorization",
        "Bearer ",
        "MCP_AUTH_SECRET_KEY",
        "server secret",
        "your-server-secret-here",
    ),
}
"""The kinds of credentials. The sandbox needs none, nor does a server with a key."""


def _writable(url: str) -> str:
    """Return a URL that clients and shells read as they would read any other.

    Some clients replace ``$NAME`` anywhere in a file, and an interactive shell ``!x``
    outside of single quotes: these two characters are encoded.

    :raises ValueError: for characters that no URL has.
    """
    if not url.isprintable() or _NOT_IN_A_URL.search(url):
        raise ValueError("must be a URL, such as http://127.0.0.1:3000/mcp")
    return url.replace("$", "%24").replace("!", "%21")


@frozen
class McpAddress:
    """The address of the server's MCP endpoint, as a client needs it.

    :param url: the URL of the endpoint, with no key in it.
    :param auth: the header to send; ``None`` if the server asks for no credential.
    """

    url: str = field(converter=_writable)
    auth: AuthHeader | None = None

    @property
    def host(self) -> str:
        """The host, in lower case and without brackets; empty if it cannot be read."""
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:
            return ""

    @property
    def is_plain(self) -> bool:
        """Whether a credential would cross the network without encryption."""
        plain = not self.url.lower().startswith("https://")
        return plain and self.host not in {"127.0.0.1", "localhost", "::1"}

    @property
    def is_public(self) -> bool:
        """Whether servers on the internet may reach it: HTTPS, and no internal name."""
        host = self.host
        if not self.url.lower().startswith("https://"):
            return False
        try:
            return ip_address(host).is_global
        except ValueError:
            return "." in host and not host.endswith(_INTERNAL_NAMES)

    def headers(self, written: Callable[[AuthHeader], str]) -> Mapping[str, str]:
        """Return the headers to send, which are one or none.

        :param written: returns the value as the client reads it.
        """
        return {} if self.auth is None else {self.auth.header: written(self.auth)}

    def with_headers(
        self, server: Mapping[str, object], written: Callable[[AuthHeader], str]
    ) -> dict[str, object]:
        """Return the entry of a server in a JSON file, with the headers to send.

        :param server: the entry without headers.
        :param written: returns the value as the client reads it.
        """
        headers = self.headers(written)
        return {**server, "headers": headers} if headers else dict(server)

    def below(self, part: str) -> str:
        """Return the URL with one more part at the end of its path."""
        path, mark, query = self.url.partition("?")
        return f"{path.rstrip('/')}/{part}{mark}{query}"


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
