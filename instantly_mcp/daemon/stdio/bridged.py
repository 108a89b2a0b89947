"""The mode of `instantly-mcp stdio` that relays between the client and a daemon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from attrs import field, frozen
from twisted.logger import Logger

from ..._credential import Secret
from ...bridge.build import make_bridge
from ...bridge.target import BridgeTarget
from ...transports.stdio_lines import ILineConsumer, ILineSink
from ..logs.observer import LogObserver
from ..settings.settings import Settings
from .parts import StdioParts
from .run import serve_streams

log = Logger()


@frozen(kw_only=True)
class Remote:
    """The daemon that the user named; nothing is checked yet. See `BridgeTarget`."""

    url: str
    token: str | None = field(repr=False)
    token_file: Path | None
    ca_file: Path | None
    allow_http: bool
    headers: Mapping[str, str]


def serve_bridge(
    reactor: Any, settings: Settings, errors: Sequence[str], given: Remote
) -> int:
    """Relay between the client of the standard streams and a daemon.

    :param settings: only what they say about the log is used, as of `errors`.
    :param given: the daemon.
    :returns: the exit status.
    """
    target = BridgeTarget(
        url=given.url,
        token=None if given.token is None else Secret(given.token),
        token_file=given.token_file,
        ca_file=given.ca_file,
        allow_http=given.allow_http,
        headers=given.headers,
    )

    def report(line: str) -> None:
        log.warn("{line}", line=line)

    def build(output: ILineSink, observer: LogObserver) -> StdioParts:
        if target.token is not None:
            observer.redactor.learn([target.token])
        relay = make_bridge(target, reactor, output, report)
        return StdioParts(consumer=cast(ILineConsumer, relay))

    return serve_streams(reactor, settings, errors, build)
