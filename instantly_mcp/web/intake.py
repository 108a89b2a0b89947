"""Turns a request of twisted.web into an `Exchange`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from itertools import count
from typing import TypeAlias
from urllib.parse import unquote

from attrs import define, field

from ..pipeline.exchange import Exchange, Headers, Route
from ..pipeline.mcp_path import NO_PATH, McpPath
from ..pipeline.origins import parse_authority
from ..pipeline.proxied import proxy_header
from ..pipeline.visitors import Visitor
from .http.request import McpRequest
from .interfaces import UNIX, IsLocal
from .pages.page_request import PageRequest
from .same_site import is_from_another_site

Network: TypeAlias = IPv4Network | IPv6Network
ClientAddress: TypeAlias = IPv4Address | IPv6Address


_NO_QUERY: Mapping[str, Sequence[str]] = {}
_MAX_FIELDS = 100
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_STREAM_HEADERS = ("mcp-session-id", "last-event-id")


class TrustedProxies:
    """Finds the client's address behind the proxies that the operator trusts.

    :param names: addresses, networks (``10.0.0.0/8``), or ``unix``.
    :raises ValueError: for anything else.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._unix = UNIX in names
        self._networks: Sequence[Network] = tuple(
            ip_network(name, strict=False) for name in names if name != UNIX
        )
        self._any = self._unix or bool(self._networks)

    def client(self, peer: str, headers: Headers) -> str:
        """Return the nearest address that is not a trusted proxy.

        ``X-Forwarded-For`` is read from its right end to the first address that is not
        a trusted proxy: only that part was written by trusted proxies.

        :param peer: the address at the other end of the connection.
        """
        if not self._any or not self._trusts(peer):
            return peer
        nearest = peer
        for value in reversed(headers.all("x-forwarded-for")):
            for entry in reversed(value.split(",")):
                address = _forwarded(entry)
                if address is None:
                    return nearest
                nearest = str(address)
                if not self._holds(address):
                    return nearest
        return nearest

    def _trusts(self, peer: str) -> bool:
        if peer == UNIX:
            return self._unix
        address = _forwarded(peer)
        return address is not None and self._holds(address)

    def _holds(self, address: ClientAddress) -> bool:
        return any(address in network for network in self._networks)


@define(eq=False)
class Intake:
    """Makes exchanges.

    :param proxies: the proxies that are trusted to state the client's address.
    :param prefix: of the exchange ids of this process.
    :param is_local: says whether only this machine can reach a socket of this server;
        ``None`` if all sockets are alike.
    """

    proxies: TrustedProxies
    prefix: str
    is_local: IsLocal | None = None
    _next: Callable[[], int] = field(factory=lambda: count(1).__next__, init=False)

    def address(self, request: McpRequest, headers: Headers) -> str:
        """Return the client's address, through the trusted proxies."""
        return self.proxies.client(peer_of(request), headers)

    def read(
        self, request: McpRequest, route: Route, path: McpPath = NO_PATH
    ) -> Exchange:
        """Return the request as an exchange.

        HEAD is read as GET without the headers that ask for a stream. On ``/sse`` it
        stays HEAD, because every GET is a stream there.
        """
        head = request.head
        headers = Headers(head.headers)
        method = head.method
        if method == "HEAD":
            headers = _without_stream(head.headers)
            method = method if route is Route.SSE else "GET"
        record = request.record
        record.id = f"{self.prefix}-{self._next():x}"
        return Exchange(
            id=record.id,
            method=method,
            route=route,
            headers=headers,
            query=parse_query(head.query) if head.query else _NO_QUERY,
            path=path,
            body=request.content.getvalue(),
            peer=self.address(request, headers),
            local=self.is_local is not None and self.is_local(request.host),
        )


def parse_query(query: str) -> Mapping[str, Sequence[str]]:
    """Parse a query string. ``+`` is a plus, not a space: keys in base64 contain it.

    Fields after the hundredth are ignored.
    """
    fields: dict[str, tuple[str, ...]] = {}
    for pair in query.split("&", _MAX_FIELDS)[:_MAX_FIELDS]:
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in pair:
            name, value = unquote(name), unquote(value)
        fields[name] = (*fields.get(name, ()), value)
    return fields


def page_request(request: McpRequest, visitor: Visitor) -> PageRequest:
    """Return what a page needs to know of a request."""
    headers = Headers(request.head.headers)
    return PageRequest(
        accept=headers.get("accept") or "",
        query=parse_query(request.head.query),
        known=visitor.known,
        operator=visitor.operator or is_from_this_machine(request, headers),
        principal=visitor.principal,
    )


def is_from_this_machine(request: McpRequest, headers: Headers) -> bool:
    """Say whether a program or a browser on this machine sent a request to loopback.

    A request that came through a proxy is not counted, nor one over HTTP/1.0: some
    proxies add no header, but use that version by default. Nor is one by a page of
    another port of this machine: CORS would let that page read the answer.
    """
    address = _forwarded(peer_of(request))
    if address is None or not address.is_loopback:
        return False
    if request.clientproto != b"HTTP/1.1" or proxy_header(headers) is not None:
        return False
    if headers.all("origin") and is_from_another_site(headers):
        return False
    hosts = headers.all("host")
    named = parse_authority(hosts[0]) if len(hosts) == 1 else None
    return named is not None and named.name in _LOOPBACK_NAMES


def peer_of(request: McpRequest) -> str:
    """Return the address of the other end of the connection, or `UNIX`."""
    return getattr(request.client, "host", None) or UNIX


def _without_stream(table: Mapping[str, Sequence[str]]) -> Headers:
    kept = {name: table[name] for name in table if name not in _STREAM_HEADERS}
    return Headers(kept).with_value("accept", "application/json")


def _forwarded(entry: str) -> ClientAddress | None:
    """Parse one entry of ``X-Forwarded-For``, which may have a port."""
    text = entry.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
