"""The origin of the upstream, the only service that this server contacts."""

from __future__ import annotations

from urllib.parse import urlsplit

from attrs import frozen

_PORTS = {"http": 80, "https": 443}
_API_PREFIX = "/api/v2"


@frozen(kw_only=True)
class Upstream:
    """The base URL of the Instantly API, parsed.

    :param base: scheme, host, port and an optional path prefix, without a final slash.
    :param host: the host name in IDNA, or the address without brackets.
    :param authority: the value of the ``Host`` header.
    """

    base: str
    scheme: str
    host: str
    port: int
    authority: bytes

    @property
    def secure(self) -> bool:
        """Whether TLS is used."""
        return self.scheme == "https"

    @classmethod
    def parse(cls, url: str) -> Upstream:
        """Parse a base URL.

        A trailing ``/api/v2`` is removed: the paths of the catalog contain it.

        :raises ValueError: for anything that is not an http or https base URL.
        """
        parts = urlsplit(url.strip())
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("the upstream must be an http:// or https:// URL")
        if parts.username is not None or parts.password is not None:
            raise ValueError("the upstream URL must not contain a user or password")
        if parts.query or parts.fragment or not parts.path.isascii():
            raise ValueError("the upstream URL must have a plain path and no query")
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
