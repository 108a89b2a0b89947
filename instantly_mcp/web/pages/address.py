"""The address of this server, as the pages show it: from the settings.

It never comes from the request: a page must not repeat a Host header.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ...clients.address import AUTH_HEADERS, McpAddress
from ..documents import base_url
from ..interfaces import Facts

THIS_HOST = "THIS-HOST"
"""Shown where the settings do not say under which name the server is reached."""

_EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def reachable_url(facts: Facts, known: bool = True) -> str:
    """Return the server's URL; its host is ``THIS-HOST`` if it listens on all.

    :param known: other visitors do not see the address of an internal network.
    """
    base = base_url(facts) or f"http://{THIS_HOST}"
    host = urlsplit(base).hostname
    internal = facts.public_url is None and host not in _LOOPBACK
    if host in _EVERY_ADDRESS or (internal and not known):
        return f"{urlsplit(base).scheme}://{THIS_HOST}:{facts.port}"
    return base


def mcp_address(facts: Facts, known: bool = True) -> McpAddress:
    """Return the address of the MCP endpoint, with the header that it expects."""
    url = f"{reachable_url(facts, known)}/mcp"
    return McpAddress(url, AUTH_HEADERS[facts.credential])
