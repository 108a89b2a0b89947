"""Parses Twisted's endpoint strings, and suggests one for other forms of an address.

It opens no socket. Syntax: `twisted.internet.endpoints.serverFromString`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address

from attrs import evolve, frozen

from ...access.exposure import parse_description, quoted

_TCP = frozenset({"tcp", "tcp4", "tcp6", "ssl"})
_QUEUEING = frozenset({"tcp", "tcp6", "ssl", "unix"})
MAX_PORT = 65535


_HOST_AND_PORT = re.compile(
    r"(?:(?P<scheme>https?|tcp[46]?|ssl|tls)(?::|://))?"
    r"(?P<host>\[[0-9A-Fa-f:.]*\]|[0-9.]*|localhost|[\w-]+(?:\.[\w-]+)+|\*)"
    r":(?P<port>[0-9]{1,5})/?"
)
_PORT_ALONE = re.compile(r"(?:(?:https?|tcp[46]?)://)?(?P<port>[0-9]{1,5})/?")
_BARE_IPV6 = re.compile(
    r"(?:tcp6?|ssl):(?P<port>[0-9]{1,5}):interface="
    r"\[?(?P<host>[0-9A-Fa-f:]*:[0-9A-Fa-f:]*)\]?"
)

BACKLOG = 1024
"""Connections that may wait to be accepted; Twisted's default is 50.

After a restart all clients connect at once. When the queue is full the system drops the
first packet of a connection, and the client tries again a second later.
"""


def loopback_endpoint(port: int | str) -> str:
    """Return the endpoint string of a TCP port on 127.0.0.1."""
    return f"tcp:{port}:interface=127.0.0.1"


EXAMPLE = loopback_endpoint(3000)


def suggested_endpoint(text: str) -> str | None:
    """Return the endpoint string that a URL, a port or ``HOST:PORT`` probably means.

    It repeats only addresses and ports of the text, which may be a secret.

    :returns: ``None`` when the text has another form.
    """
    match = _BARE_IPV6.fullmatch(text) or _HOST_AND_PORT.fullmatch(text)
    if match is None:
        match = _PORT_ALONE.fullmatch(text)
        return None if match is None else loopback_endpoint(match["port"])
    fields = match.groupdict()
    host = fields["host"].strip("[]")
    if host == "*" or (not host and fields["scheme"]):
        return f"tcp:{fields['port']}"
    try:
        address = str(ip_address(host))
    except ValueError:
        address = "127.0.0.1"
    if fields.get("scheme") in {"https", "ssl", "tls"}:
        return f"ssl:{fields['port']}:privateKey=KEY.pem:certKey=CERTIFICATE.pem"
    return f"tcp:{fields['port']}:interface={quoted(address)}"


@frozen
class Endpoint:
    """A parsed endpoint string.

    :param kind: ``tcp``, ``tcp6``, ``ssl``, ``unix``, ``systemd`` …
    """

    kind: str
    positional: tuple[str, ...]
    named: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Parse an endpoint string.

        :raises ValueError: with the end of a sentence, ``must be …``, and the endpoint
            that may be meant.
        """
        form = suggested_endpoint(text)
        if form is not None:
            raise ValueError(f"must be an endpoint: write {form}")
        kind, positional, named = parse_description(text)
        endpoint = cls(kind, tuple(filter(None, positional)), named)
        complete = kind and (endpoint.positional or named)
        if not complete or (kind in _TCP and endpoint.port is None):
            raise ValueError(f"must be an endpoint, such as {EXAMPLE}")
        return endpoint

    @property
    def port(self) -> int | None:
        """The TCP port; ``None`` for an endpoint without one."""
        text = self.named.get("port") or (self.positional or ("",))[0]
        if self.kind not in _TCP or not text.isdecimal() or int(text) > MAX_PORT:
            return None
        return int(text)

    @property
    def inherited(self) -> bool:
        """Whether systemd opens the socket, before and after this process."""
        wraps = self.kind == "haproxy" and self.positional[:1] == ("systemd",)
        return self.kind == "systemd" or wraps

    @property
    def scheme(self) -> str:
        """The scheme of the URLs that are served here."""
        return "https" if self.kind == "ssl" else "http"

    @property
    def interface(self) -> str:
        """The address that a TCP socket is bound to; empty for all addresses."""
        return self.named.get("interface", "")

    @property
    def description(self) -> str:
        """The string for Twisted, with `BACKLOG` unless the operator set a backlog."""
        if self.kind not in _QUEUEING or len(self.positional) > 1:
            return str(self)
        return str(evolve(self, named={"backlog": str(BACKLOG), **self.named}))

    def after(self, steps: int) -> Endpoint | None:
        """Return the same endpoint `steps` ports higher; ``None`` above `MAX_PORT`."""
        port = self.port
        if steps == 0:
            return self
        if not port or port + steps > MAX_PORT:
            return None
        return self.on_port(port + steps)

    def on_port(self, port: int) -> Endpoint:
        """Return the same TCP endpoint on another port."""
        text = str(port)
        if "port" in self.named:
            return evolve(self, named={**self.named, "port": text})
        return evolve(self, positional=(text, *self.positional[1:]))

    def __str__(self) -> str:
        parts = [quoted(part) for part in self.positional]
        for name, value in self.named.items():
            parts.append(f"{name}={quoted(value)}")
        return ":".join((self.kind, *parts))
