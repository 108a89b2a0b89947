"""May the daemon listen there, with these secrets? Pure: descriptions in, a word out.

It opens nothing and asks the network nothing. An endpoint whose reach it cannot tell
counts as open to everybody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address

_FIELD = re.compile(r"((?:[^:\\]|\\.)*)(?::|$)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def exposure_refusal(
    listen: Sequence[str],
    *,
    operator_key: bool = False,
    server_secret: bool = False,
    no_auth: bool = False,
) -> str | None:
    """Say in one sentence why the daemon must not start like this, if so.

    :param listen: the Twisted endpoint descriptions to bind.
    :param operator_key: callers without a key of their own act with the operator's.
    :param server_secret: callers must present a server secret.
    :param no_auth: the operator switched that demand off.
    """
    exposed = next((one for one in listen if not is_local(one)), None)
    if exposed is None:
        return None
    if no_auth:
        return (
            f"--no-auth is for loopback binds only, and {exposed!r} can be reached "
            "from other machines."
        )
    if operator_key and not server_secret:
        return (
            f"An Instantly key without a server secret would be lent to everybody who "
            f"can reach {exposed!r}: set MCP_AUTH_SECRET_KEY, or listen on 127.0.0.1."
        )
    return None


def is_local(description: str) -> bool:
    """Say whether only this machine can reach an endpoint of this description."""
    wrapper, _, wrapped = description.partition(":")
    if wrapper == "haproxy":
        return is_local(wrapped)
    kind, positional, named = _parse(description)
    if kind == "unix":
        return True
    if kind == "systemd":
        return "UNIX" in {named.get("domain"), *positional[:1]}
    if kind == "tcp":
        return _is_loopback(named.get("interface") or "".join(positional[1:2]))
    return kind in {"tcp6", "ssl"} and _is_loopback(named.get("interface", ""))


def _is_loopback(interface: str) -> bool:
    if interface.lower() == "localhost":
        return True
    try:
        return ip_address(interface).is_loopback
    except ValueError:
        return False


def _parse(description: str) -> tuple[str, Sequence[str], Mapping[str, str]]:
    """Read ``kind:value:name=value`` with its backslash escapes."""
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
