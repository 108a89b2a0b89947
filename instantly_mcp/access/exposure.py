"""Checks whether the daemon may start with these addresses and secrets.

An operator's Instantly key without a server secret is for callers on this machine only,
unless the operator decided that it takes a connection token (``tokens_only``). The
daemon must not start with it when callers from other machines can reach it: through a
listener on another interface than loopback, or through a proxy, whose callers all
appear to come from loopback. An endpoint description that does not show what it listens
on counts as reachable from everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

_FIELD = re.compile(r"(?:^|:)((?:[^:\\]|\\.|\\$)*)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def exposure_refusal(
    listen: Sequence[str],
    *,
    operator_key: bool = False,
    server_secret: bool = False,
    no_auth: bool = False,
    public_url: str | None = None,
    trusted_proxy: Sequence[str] = (),
    tokens_only: bool = False,
) -> str | None:
    """Return why the daemon must not start like this; ``None`` if it may.

    :param listen: the Twisted endpoint descriptions to listen on.
    :param operator_key: callers without a key of their own use the operator's.
    :param server_secret: callers must present a server secret.
    :param no_auth: the operator switched that requirement off.
    :param public_url: the URL at which clients reach the daemon, if configured.
    :param trusted_proxy: the proxies that forward requests from other machines.
    :param tokens_only: the operator's key is used with a connection token only,
        whether one was issued or not.
    :returns: a message for the operator.
    """
    way = _way_in(listen, public_url, trusted_proxy)
    if way is None:
        return None
    if no_auth:
        return f"--no-auth is for callers on this machine only, and {way}."
    if operator_key and not (server_secret or tokens_only):
        return (
            f"an Instantly key without a server secret is for callers on this machine "
            f"only, and {way}. Set tokens_only and issue tokens (instantly-mcp token "
            "add), or set server_secret_file (MCP_AUTH_SECRET_KEY)."
        )
    return None


def _way_in(
    listen: Sequence[str], public_url: str | None, trusted_proxy: Sequence[str]
) -> str | None:
    """Return how callers from other machines can reach the daemon, if they can."""
    for description in listen:
        if _is_for_a_proxy(description):
            return f"{description!r} is for a proxy, which forwards other callers"
        if not is_local(description):
            return f"{description!r} can be reached from other machines"
    if public_url is not None and not is_loopback(urlsplit(public_url).hostname or ""):
        return "public_url is not an address of this machine"
    if trusted_proxy:
        return "trusted_proxy names a proxy, which forwards other callers"
    return None


def is_local(description: str) -> bool:
    """Say whether only this machine can connect to an endpoint of this description."""
    wrapper, _, wrapped = description.partition(":")
    if wrapper == "haproxy":
        return is_local(wrapped)
    kind, positional, named = parse_description(description)
    if kind == "unix":
        return True
    if kind == "systemd":
        return "UNIX" in {named.get("domain"), *positional[:1]}
    if kind == "tcp":
        return is_loopback(named.get("interface") or "".join(positional[1:2]))
    return kind in {"tcp6", "ssl"} and is_loopback(named.get("interface", ""))


def is_loopback(host: str) -> bool:
    """Say whether a host name or an address literal means this machine only."""
    name = host.lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _is_for_a_proxy(description: str) -> bool:
    """Say whether an endpoint expects the PROXY protocol, which only proxies send."""
    return description.partition(":")[0] == "haproxy"


def parse_description(description: str) -> tuple[str, Sequence[str], Mapping[str, str]]:
    """Parse an endpoint description of Twisted, ``kind:value:name=value``.

    Colons and equals signs are escaped by backslashes. This is the only parser of this
    syntax, so that what is checked here is what the daemon listens on.

    :returns: the kind, the positional values and the named values. Any text is parsed.
    """
    kind, *fields = _FIELD.findall(description)
    positional: list[str] = []
    named: dict[str, str] = {}
    for text in fields:
        name, equals, value = text.partition("=")
        if equals and not name.endswith("\\"):
            named[name] = _ESCAPED.sub(r"\1", value)
        else:
            positional.append(_ESCAPED.sub(r"\1", text))
    return kind, positional, named


def quoted(value: str) -> str:
    """Return a value as a part of a description, with colons and backslashes escaped.

    The same as ``quoteStringArgument`` of ``twisted.internet.endpoints``. That module
    imports TLS, which no command needs that only reads settings.
    """
    return value.replace("\\", "\\\\").replace(":", "\\:")
