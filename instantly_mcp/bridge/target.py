"""What a relay connects to, and the interface of a relay."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from attrs import Factory, frozen
from twisted.internet.defer import Deferred

from .._credential import Secret


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
