"""Checks the Origin and Host headers.

`Admission` uses it for the MCP routes; ``web`` uses the same object for every other
route and for CORS. The names of this server come from the settings, never from the Host
header: in a DNS rebinding attack the attacker chooses that header.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from ipaddress import AddressValueError, IPv6Address
from typing import final

from attrs import frozen

from .._noop import noop
from ..protocol.interfaces import IHeaders
from ..protocol.wire.errors import ProtocolError
from .refusals import host_refused, hosts_differ, origin_refused

MAX_RECOGNIZED_HOSTS = 64
"""Host headers that are remembered as valid, so that they are parsed only once."""

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Names in Host and Origin that are always allowed. Other names that
`access.exposure.is_loopback` accepts, such as ``app.localhost``, may be other servers.
"""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_AUTHORITY = re.compile(
    r"(?P<name>[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)
_ORIGIN = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]{0,30})://(?P<authority>.+)")


@frozen
class Authority:
    """A host name or address literal, and the port after it, if any."""

    name: str
    port: int | None = None


def parse_authority(text: str) -> Authority | None:
    """Parse ``host[:port]``; return ``None`` for anything else.

    The name is returned in lower case, an IPv6 literal in its shortest form in
    brackets.
    """
    match = _AUTHORITY.fullmatch(text.lower())
    if match is None:
        return None
    port = None if match["port"] is None else int(match["port"])
    if port is not None and not 0 < port < 65536:
        return None
    name = match["name"]
    if not name.startswith("["):
        return Authority(name, port)
    try:
        return Authority(f"[{IPv6Address(name[1:-1])}]", port)
    except AddressValueError:
        return None


@frozen
class Origin:
    """A web origin. `port` is ``None`` for the default port of its scheme."""

    scheme: str
    name: str
    port: int | None = None


def parse_origin(text: str) -> Origin | None:
    """Parse ``scheme://host[:port]``; return ``None`` for anything else."""
    match = _ORIGIN.fullmatch(text.lower())
    if match is None:
        return None
    scheme = match["scheme"]
    authority = parse_authority(match["authority"])
    if authority is None:
        return None
    port = authority.port
    if port == _DEFAULT_PORTS.get(scheme):
        port = None
    return Origin(scheme, authority.name, port)


@final
class OriginPolicy:
    """The rule for Origin and Host.

    :param allowed_origins: origins that the operator allows, ``https://app.example``.
    :param hosts: names of this server, ``mcp.example.com`` or ``10.0.0.5:3000``. Their
        origins are allowed, too. Loopback names need not be listed.
    :param report: called with ``Host`` or ``Origin`` and the name that was refused, if
        that is well-formed.
    :param check_hosts: require exactly one Host header that names this server. True if
        only loopback addresses are bound, or if the server's public name is known.
    :raises ValueError: for an entry that is not an origin or a host.
    """

    def __init__(
        self,
        allowed_origins: Iterable[str] = (),
        hosts: Iterable[str] = (),
        *,
        check_hosts: bool = True,
        report: Callable[[str, str], object] = noop,
    ) -> None:
        self._report = report
        own = tuple(_required_host(entry) for entry in hosts)
        self._names = LOOPBACK_NAMES.union(authority.name for authority in own)
        self._origins = frozenset(_origins(allowed_origins, own))
        self._check_hosts = check_hosts
        self._recognized: set[str] = set()

    def allows_origin(self, origin: str) -> bool:
        """Say whether a page of this origin may use this server."""
        parsed = parse_origin(origin)
        if parsed is None:
            return False
        if parsed.name in LOOPBACK_NAMES and parsed.scheme in _DEFAULT_PORTS:
            return True
        return parsed in self._origins

    def refusal(
        self, headers: IHeaders, *, local: bool = False
    ) -> ProtocolError | None:
        """Return the error if a request with these headers must be refused.

        :param local: the request came in through a socket that only this machine can
            reach: check Host, even if `check_hosts` is false.
        """
        hosts = headers.all("host")
        if self._check_hosts or local:
            if not self._names_this_server(hosts):
                self._report_name("Host", hosts, parse_authority)
                return host_refused()
        elif len(hosts) > 1:
            return hosts_differ()
        origins = headers.all("origin")
        if not origins or (len(origins) == 1 and self.allows_origin(origins[0])):
            return None
        self._report_name("Origin", origins, parse_origin)
        return origin_refused()

    def _report_name(
        self, header: str, values: Sequence[str], parse: Callable[[str], object]
    ) -> None:
        if len(values) == 1 and parse(values[0]) is not None:
            self._report(header, values[0])

    def _names_this_server(self, hosts: Sequence[str]) -> bool:
        if len(hosts) != 1:
            return False
        if hosts[0] in self._recognized:
            return True
        # The port is not compared: published container ports and proxies change it, and
        # the name alone shows a DNS rebinding attack.
        authority = parse_authority(hosts[0])
        if authority is None or authority.name not in self._names:
            return False
        if len(self._recognized) < MAX_RECOGNIZED_HOSTS:
            self._recognized.add(hosts[0])
        return True


def _required_host(entry: str) -> Authority:
    authority = parse_authority(entry)
    if authority is None:
        raise ValueError(f"{entry!r} is not a host name with an optional port")
    return authority


def _origins(entries: Iterable[str], own: Iterable[Authority]) -> Iterable[Origin]:
    for entry in entries:
        origin = parse_origin(entry.removesuffix("/"))
        if origin is None:
            raise ValueError(f"{entry!r} is not an origin like https://app.example.com")
        yield origin
    for authority in own:
        for scheme, default in _DEFAULT_PORTS.items():
            port = None if authority.port == default else authority.port
            yield Origin(scheme, authority.name, port)
