"""Derives the rules for the Origin and Host headers from the settings."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from attrs import define, field
from twisted.logger import Logger

from ..access.exposure import is_local
from ..pipeline.origins import OriginPolicy
from .settings.endpoints import Endpoint
from .settings.settings import Settings


@define(eq=False)
class RefusalReporter:
    """Logs, once per name, which setting would allow a refused Origin or Host.

    The hint goes to the operator's log and not into the response: a model must not
    learn how the daemon is protected.

    :cvar MAX_NAMES: how many names are logged; a client can invent any number.
    """

    log: ClassVar[Logger] = Logger()
    MAX_NAMES: ClassVar[int] = 32

    _reported: set[tuple[str, str]] = field(factory=set, init=False)

    def __call__(self, header: str, name: str) -> None:
        """Report that a request was refused.

        :param header: ``Host`` or ``Origin``.
        :param name: the value of the header.
        """
        if (header, name) in self._reported or len(self._reported) >= self.MAX_NAMES:
            return
        self._reported.add((header, name))
        self.log.warn(
            "{code} a request with {header} {name} was refused: {fix}",
            **_FIXES[header],
            header=header,
            name=name,
        )


@define(eq=False)
class ProxyReporter:
    """Logs, once, that a proxy forwards requests that the settings do not allow."""

    log: ClassVar[Logger] = Logger()

    _reported: bool = field(default=False, init=False)

    def __call__(self, header: str) -> None:
        """Report that a request with this header would have used the operator's key."""
        if self._reported:
            return
        self._reported = True
        self.log.warn(
            "IMCP-OPEN a request came through a proxy ({header}) and was refused: "
            "without a server secret only callers on this machine may use the "
            "operator's Instantly key; set server_secret_file",
            header=header,
        )


_FIXES = {
    "Host": {
        "code": "IMCP-HOST",
        "fix": "if that is this server, set public_url to its address",
    },
    "Origin": {
        "code": "IMCP-ORIGIN",
        "fix": "if pages of that origin may send requests, add it to allow_origin",
    },
}


def origin_policy_for(settings: Settings) -> OriginPolicy:
    """Return the rules for the Origin and Host headers."""
    hosts = [each.interface for each in map(Endpoint.parse, settings.listen)]
    named = [host for host in hosts if host and host not in ("0.0.0.0", "::")]
    own = [f"[{host}]" if ":" in host else host for host in named]
    if settings.public_url is not None:
        own.append(urlsplit(settings.public_url).netloc)
    local = all(map(is_local, settings.listen))
    return OriginPolicy(
        settings.allow_origin,
        own,
        check_hosts=local or settings.public_url is not None,
        report=RefusalReporter(),
    )


def listens_to_both(settings: Settings) -> bool:
    """Return whether some sockets are for this machine only and others may not be.

    The address of a socket that systemd passes is known only once it is open.
    """
    reach = set(map(is_local, settings.listen))
    from_systemd = any(text.startswith("systemd:") for text in settings.listen)
    return len(reach) > 1 or (from_systemd and False in reach)


def companion_of(settings: Settings) -> Endpoint | None:
    """Return the address on ::1, because some clients resolve localhost to it."""
    if not settings.listens_on_port:
        return None
    return Endpoint.parse("tcp:3000:interface=\\:\\:1")
