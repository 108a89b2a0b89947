"""Runs all checks: of files, certificates and ports, and on request of the upstream."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..._deferred import deferred
from ..control.socket_service import unreachable
from ..process.in_flight import InFlight
from ..settings.settings import Settings
from ..upstream import connect_upstream
from .approvers import check_approvers
from .audit import check_audit
from .files import check_files
from .findings import Findings
from .sockets import check_certificates, check_ports
from .upstream import UpstreamCheck


@deferred
async def run_checks(
    settings: Settings,
    reactor: Any,
    findings: Findings,
    *,
    probe: bool = False,
    wall: Callable[[], float] = time.time,
) -> None:
    """Check what the settings name, and add the results to `findings`.

    :param probe: also check the upstream, unless there are errors already.
    :param wall: returns the time in seconds since the epoch.
    """
    check_files(settings, findings)
    findings.warnings.extend(unreachable(settings.state_dir))
    check_audit(settings, findings)
    check_approvers(settings, findings)
    check_certificates(settings, wall(), findings)
    await check_ports(settings, reactor, findings)
    if probe and not findings.errors:
        await check_upstream(settings, reactor, findings, wall)


@deferred
async def check_upstream(
    settings: Settings,
    reactor: Any,
    findings: Findings,
    wall: Callable[[], float] = time.time,
) -> None:
    """Check the upstream with the client of the daemon; a sandbox needs no check.

    :param wall: returns the time in seconds since the epoch.
    """
    if settings.sandbox:
        findings.fine.append("the upstream is the sandbox, in the same process")
        return
    upstream = connect_upstream(settings, reactor, InFlight(), wall)
    check = UpstreamCheck(
        agent=upstream.client.agent,
        instantly=upstream.client,
        url=upstream.client.upstream.base,
        clock=reactor,
        wall=wall,
        findings=findings,
    )
    await check.run(settings.api_key)
    await upstream.close()
