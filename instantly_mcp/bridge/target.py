"""What a bridge connects to, and what builds one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from attrs import Factory, frozen
from twisted.internet.defer import Deferred

from .._credential import Secret
from ..transports.stdio_lines import ILineSink


@frozen(kw_only=True)
class BridgeTarget:
    """The daemon that a bridge talks to, as the user named it; nothing is checked yet.

    :param url: its address, ``https://…/mcp``.
    :param token: what is presented to it; ``None`` to present nothing.
    :param token_file: a file that holds the token, used instead of `token`.
    :param ca_file: certificates in PEM that are trusted instead of the system's.
    :param allow_http: the token may be sent in plain HTTP to another computer.
    :param headers: headers that narrow what the client may do, such as
        ``X-MCP-Access``.
    """

    url: str
    token: Secret | None = None
    token_file: Path | None = None
    ca_file: Path | None = None
    allow_http: bool = False
    headers: Mapping[str, str] = Factory(dict)


class IRelay(Protocol):
    """An ``ILineConsumer`` that is notified when its client does not read."""

    def received(self, line: bytes) -> None:
        """Take one line of the client."""

    def ended(self) -> Deferred[None]:
        """Finish."""

    def pressed(self, high: bool) -> None:
        """Read nothing from the daemon while the client leaves too much unread."""


MakeBridge: TypeAlias = Callable[[BridgeTarget, Any, ILineSink], IRelay]
"""``bridge.build.make_bridge(target, reactor, output)``: builds a relay.

The relay connects when the first message arrives, and writes the messages for the
client to `output`. It is built in any case: with an address, a token or certificates
that cannot be used it serves one tool that says so. Whenever the connection has a
problem, a line on standard error says so too."""
