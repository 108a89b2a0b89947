"""What a bridge connects to, and what builds one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from attrs import Factory, frozen

from .._credential import Secret
from ..transports.stdio_lines import ILineConsumer, ILineSink


@frozen(kw_only=True)
class BridgeTarget:
    """The daemon that a bridge talks to.

    :param url: its address, ``https://…/mcp``.
    :param token: what is presented to it; ``None`` to present nothing.
    :param ca_file: certificates in PEM that are trusted instead of the system's.
    :param headers: headers that narrow what the client may do, such as
        ``X-MCP-Access``.
    """

    url: str
    token: Secret | None = None
    ca_file: Path | None = None
    headers: Mapping[str, str] = Factory(dict)


MakeBridge: TypeAlias = Callable[[BridgeTarget, Any, ILineSink], ILineConsumer]
"""``bridge.build.make_bridge(target, reactor, output)``: builds a relay.

The relay connects when the first message arrives, and writes the messages for the
client to `output`. `ValueError` means that the URL or the file of certificates cannot
be used; its message is one sentence without secrets."""
