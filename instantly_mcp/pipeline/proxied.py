"""Recognizes requests that came through a proxy, by the headers that proxies add.

A daemon that uses its operator's key for callers on this machine cannot tell them from
callers that a proxy on this machine brings in: both arrive from loopback. These headers
can tell, and programs that talk to the daemon directly have no reason to send them. A
proxy that adds none of them cannot be recognized, which is why the documentation asks
for a server secret before a proxy is set up.
"""

from __future__ import annotations

from .exchange import Headers

PROXY_HEADERS = (
    "x-forwarded-for",
    "forwarded",
    "via",
    "x-real-ip",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-forwarded-port",
    "x-original-forwarded-for",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-ray",
    "fly-client-ip",
    "x-envoy-external-address",
    "x-azure-clientip",
    "tailscale-user-login",
)
"""RFC 7239, RFC 9110 section 7.6.3, and what nginx, Apache, HAProxy, Envoy, Cloudflare,
Akamai, Fly, Azure, ngrok and Tailscale add; the usual ones first."""


_ANY_OF_THEM = frozenset(PROXY_HEADERS)


def proxy_header(headers: Headers) -> str | None:
    """Return the name of a header that only a proxy adds, ``None`` without one."""
    if _ANY_OF_THEM.isdisjoint(headers):
        return None
    for name in PROXY_HEADERS:
        if headers.all(name):
            return name
    return None
