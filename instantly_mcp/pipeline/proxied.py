"""Recognizes requests that came through a proxy, by the headers that proxies add.

Callers on this machine may use the operator's key. Callers that come through a proxy on
this machine arrive from loopback as well; these headers show the difference, because
programs that call the daemon directly have no reason to send them. A proxy that adds
none of them cannot be recognized. That is why the documentation tells operators to set
a server secret before they set up a proxy.
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
    """Return the name of the first header that a proxy added, ``None`` without one."""
    if _ANY_OF_THEM.isdisjoint(headers):
        return None
    for name in PROXY_HEADERS:
        if headers.all(name):
            return name
    return None
