"""Builds a relay: the only module that its callers need."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

from twisted.internet.interfaces import IReactorTime

from ..api.http.connection import connect_to
from ..transports.stdio_lines import ILineSink
from .http.daemon_http import DaemonHttp
from .relay.bridge import Bridge
from .relay.client import LocalClient
from .relay.daemon_side import DaemonSide
from .relay.local_server import LocalServer
from .relay.posting import Posting
from .settings import RelaySettings, UnusableSettings, read_settings
from .target import BridgeTarget, IRelay

CONNECT_SECONDS = 5.0


def make_bridge(
    target: BridgeTarget,
    reactor: object,
    output: ILineSink,
    report: Callable[[str], object] | None = None,
) -> IRelay:
    """Return the relay that serves one client.

    It never fails: with an address, a token or certificates that cannot be used the
    client gets a server with one tool that says so. The relay connects when the first
    message arrives.

    :param output: takes the messages for the client.
    :param report: writes a line for the user when the connection has a problem;
        ``None`` for standard error.
    """
    report = report or _to_standard_error
    client = LocalClient(output)
    try:
        settings = read_settings(target)
    except UnusableSettings as unusable:
        report(unusable.problem.text)
        return LocalServer(client=client, problem=unusable.problem)
    if settings.warning:
        report(settings.warning)
    side = DaemonSide(posting=_posting(settings, reactor), client=client, report=report)
    return Bridge(side=side, client=client)


def _to_standard_error(line: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(f"instantly-mcp: {line}\n")
        sys.stderr.flush()


def _posting(settings: RelaySettings, reactor: object) -> Posting:
    origin = settings.address.origin
    pooled = connect_to(origin, reactor, settings.policy, CONNECT_SECONDS)
    http = DaemonHttp(
        address=settings.address,
        agent=pooled.agent,
        token=settings.token,
        fields=settings.headers,
        clock=IReactorTime(reactor),
        close=pooled.close,
    )
    return Posting(http=http, reactor=reactor)
