"""The one service that is ever contacted: an origin, parsed once from the settings.

It knows URLs. It refuses to know who calls, and what for.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from attrs import frozen

_PORTS = {"http": 80, "https": 443}
_API_PREFIX = "/api/v2"


@frozen(kw_only=True)
class Upstream:
    """Where Instantly is.

    :param base: scheme, host and port, and perhaps a path prefix; no slash at its end.
    :param host: the host name or address without brackets, as IDNA.
    :param authority: the value of the ``Host`` header.
    """

    base: str
    scheme: str
    host: str
    port: int
    authority: bytes

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.scheme == "https"

    @classmethod
    def parse(cls, url: str) -> Upstream:
        """Read the base URL of the settings.

        A trailing ``/api/v2`` is accepted and taken off: paths carry it already.

        :raises ValueError: for anything that is not a plain http or https base URL.
        """
        parts = urlsplit(url.strip())
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("an upstream is an http:// or https:// URL with a host")
        if parts.username is not None or parts.password is not None:
            raise ValueError("an upstream URL carries no user name and no password")
        if parts.query or parts.fragment or not parts.path.isascii():
            raise ValueError("an upstream URL has no query, fragment or odd path")
        host = _ascii_host(parts.hostname)
        port = parts.port or _PORTS[parts.scheme]
        authority = f"[{host}]" if ":" in host else host
        if port != _PORTS[parts.scheme]:
            authority = f"{authority}:{port}"
        prefix = parts.path.rstrip("/").removesuffix(_API_PREFIX)
        return cls(
            base=f"{parts.scheme}://{authority}{prefix}",
            scheme=parts.scheme,
            host=host,
            port=port,
            authority=authority.encode("ascii"),
        )


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError("the upstream's host name is not valid") from None
