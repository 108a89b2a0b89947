"""The daemon's address: the only origin that the relay connects to."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from attrs import frozen

from ...api.upstream import Upstream

_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_SAFE = "/!$&'()*+,;=:@%~"


@frozen(kw_only=True)
class DaemonAddress:
    """The URL of a daemon's MCP endpoint, parsed.

    :param origin: scheme, host and port.
    :param path: the path that requests are sent to.
    :param shown: the URL for messages: the path only if it cannot contain a key.
    """

    origin: Upstream
    path: str

    @classmethod
    def parse(cls, url: str) -> DaemonAddress:
        """Parse the URL that the user gave. An empty path becomes ``/mcp``.

        :raises ValueError: for anything that is not such a URL. The text says why and
            does not repeat the URL.
        """
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it must begin with https:// and the name of the server")
        if parts.username is not None or parts.password is not None:
            raise ValueError("it must not contain a user name or a password")
        if parts.query or parts.fragment:
            raise ValueError("it must not contain ? or #")
        if any(not each.isprintable() or each == " " for each in url.strip()):
            raise ValueError("it contains a space or a control character")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        port = f":{parts.port}" if parts.port is not None else ""
        origin = Upstream.parse(f"{parts.scheme}://{host}{port}")
        if not _HOST.fullmatch(origin.host):
            raise ValueError("the name of the server has a character that names lack")
        return cls(
            origin=origin,
            path=quote(parts.path.rstrip("/") or "/mcp", safe=_SAFE),
        )

    @property
    def url(self) -> bytes:
        """The URL that requests are sent to."""
        return f"{self.origin.base}{self.path}".encode("ascii")

    @property
    def shown(self) -> str:
        """The address for messages: without the path, which may contain a key."""
        return self.origin.base

    @property
    def is_loopback(self) -> bool:
        """Whether the daemon is on this computer."""
        host = self.origin.host
        if host == "localhost" or host.endswith(".localhost"):
            return True
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return False
