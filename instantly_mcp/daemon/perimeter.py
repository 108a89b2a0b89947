"""Which names and addresses are the daemon's own, as its settings imply."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from attrs import define, field
from twisted.logger import Logger

from ..access.exposure import is_local
from ..pipeline.origins import Perimeter
from .listening import ListenAddress
from .settings import Settings


@define(eq=False)
class RefusedNames:
    """Tells the operator, once for each name, how callers who use it are let in.

    The caller is not told: what guards the daemon is no business of a model.
    """

    log: ClassVar[Logger] = Logger()
    MOST: ClassVar[int] = 32

    _told: set[tuple[str, str]] = field(factory=set, init=False)

    def __call__(self, header: str, name: str) -> None:
        """Note that a request was refused for this name."""
        if (header, name) in self._told or len(self._told) >= self.MOST:
            return
        self._told.add((header, name))
        self.log.warn(
            "{code} a request with {header} {name} was refused: {fix}",
            **_LETTING_IN[header],
            header=header,
            name=name,
        )


@define(eq=False)
class ProxyNoticed:
    """Tells the operator, once, of a proxy that the settings do not mention."""

    log: ClassVar[Logger] = Logger()

    _told: bool = field(default=False, init=False)

    def __call__(self, header: str) -> None:
        """Note that a request with this header asked for the operator's key."""
        if self._told:
            return
        self._told = True
        self.log.warn(
            "IMCP-OPEN a request came through a proxy ({header}) and was refused: "
            "without a server secret the operator's Instantly key is for callers on "
            "this machine only; set server_secret_file",
            header=header,
        )


_LETTING_IN = {
    "Host": {
        "code": "IMCP-HOST",
        "fix": "if that is this server, set public_url to its address",
    },
    "Origin": {
        "code": "IMCP-ORIGIN",
        "fix": "if that page may call, name it in allow_origin",
    },
}


def perimeter_of(settings: Settings) -> Perimeter:
    """Return the rule for Origin and Host."""
    hosts = [address.interface for address in map(ListenAddress.parse, settings.listen)]
    named = [host for host in hosts if host and host not in ("0.0.0.0", "::")]
    own = [f"[{host}]" if ":" in host else host for host in named]
    if settings.public_url is not None:
        own.append(urlsplit(settings.public_url).netloc)
    local = all(map(is_local, settings.listen))
    return Perimeter(
        settings.allow_origin,
        own,
        check_hosts=local or settings.public_url is not None,
        tell=RefusedNames(),
    )


def listens_to_both(settings: Settings) -> bool:
    """Say whether some sockets are for this machine only and others may not be.

    Of those that systemd hands over this is known only once they are there.
    """
    reach = set(map(is_local, settings.listen))
    handed_over = any(text.startswith("systemd:") for text in settings.listen)
    return len(reach) > 1 or (handed_over and False in reach)


def companion_of(settings: Settings) -> ListenAddress | None:
    """Return the address on ::1, which is what localhost means to some clients."""
    if not settings.listens_on_port:
        return None
    return ListenAddress.parse("tcp:3000:interface=\\:\\:1")
