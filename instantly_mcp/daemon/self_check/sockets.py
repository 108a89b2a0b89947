"""Checks sockets and certificates on this machine without starting the daemon.

Sockets that it opens are closed again. It sends nothing to other machines;
`self_check.upstream` does.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from twisted.internet.protocol import Factory

from ..._deferred import deferred
from ..settings.endpoints import Endpoint
from ..settings.errors import ConfigurationError
from ..settings.settings import Settings
from ..sockets.certificate_check import flaws_of, unsent_certificates
from ..sockets.certificates import read_certificate
from ..sockets.port_owner import find_port_owner
from ..sockets.ports import AddressInUse, FindPortOwner, Ports, make_ports
from .findings import Findings


@deferred
async def check_ports(
    settings: Settings,
    reactor: Any,
    findings: Findings,
    find_owner: FindPortOwner = find_port_owner,
) -> None:
    """Open each socket and close it again.

    A port in use is only a warning, because it may be the daemon's own.

    :param find_owner: returns which program uses a port.
    """
    for endpoints, setting in (
        (settings.listen, settings.listen_setting),
        (settings.metrics_listen, "metrics_listen"),
        (settings.admin_endpoints, "admin_listen"),
    ):
        for text in endpoints:
            ports = make_ports(reactor, [text], setting, find_owner=find_owner)
            await _check_port(ports, findings)


def check_certificates(settings: Settings, now: float, findings: Findings) -> None:
    """Check each certificate that can be loaded; `check_ports` reports the others.

    :param now: seconds since the epoch.
    """
    url = urlsplit(settings.public_url or "")
    host = url.hostname if url.scheme == "https" else None
    for text in settings.all_endpoints:
        endpoint = Endpoint.parse(text)
        if endpoint.kind != "ssl":
            continue
        with suppress(Exception):
            flaws = [
                *flaws_of(read_certificate(endpoint), now, host),
                *unsent_certificates(_certificate_file(endpoint)),
            ]
            findings.errors.extend(flaw.line for flaw in flaws if flaw.fatal)
            findings.warnings.extend(flaw.line for flaw in flaws if not flaw.fatal)
            if not flaws:
                findings.fine.append(f"the certificate of {endpoint} is valid")


def _certificate_file(endpoint: Endpoint) -> bytes:
    name = endpoint.named.get("certKey") or endpoint.named.get("privateKey")
    return b"" if name is None else Path(name).read_bytes()


async def _check_port(ports: Ports, findings: Findings) -> None:
    (endpoint,) = ports.endpoints
    if endpoint.inherited:
        findings.fine.append(
            f"{endpoint} is passed by systemd at the start and cannot be checked here: "
            "see systemctl status instantly-mcp.socket"
        )
        return
    if endpoint.kind == "haproxy":
        findings.fine.append(f"{endpoint} is opened only at startup")
        return
    try:
        await ports.open(Factory())
    except AddressInUse as taken:
        findings.warnings.extend(taken.lines)
    except ConfigurationError as error:
        findings.errors.extend(error.lines)
    else:
        await ports.close()
        findings.fine.append(f"{endpoint} is free")
