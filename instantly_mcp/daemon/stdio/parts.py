"""What the process of `instantly-mcp stdio` runs: this server, or a relay."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen
from twisted.internet.defer import Deferred, succeed

from ..._noop import noop
from ...transports.stdio_lines import ILineConsumer, ILineSink


def _at_once() -> Deferred[None]:
    return succeed(None)


@frozen(kw_only=True)
class StdioParts:
    """The consumer of the client's messages, with its start and its end.

    :param start: fires when messages can be taken; fails with `ConfigurationError`.
    :param hurry: called at a second signal: what `ILineConsumer.ended` waits for must
        end soon.
    :param close: closes what is open; called last, also if the start failed.
    """

    consumer: ILineConsumer
    start: Callable[[], Deferred[None]] = _at_once
    hurry: Callable[[], object] = noop
    close: Callable[[], Deferred[None]] = _at_once


BuildParts: TypeAlias = Callable[[ILineSink], StdioParts]
"""Builds the parts around the output to the client."""
