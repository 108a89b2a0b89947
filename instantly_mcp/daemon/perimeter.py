"""Which names and addresses are the daemon's own, as its settings imply."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..access.exposure import is_local
from ..pipeline.origins import Perimeter
from .listening import ListenAddress
from .settings import Settings


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
    )


def listens_to_both(settings: Settings) -> bool:
    """Say whether some sockets are for this machine only and others are not."""
    return len(set(map(is_local, settings.listen))) > 1


def companion_of(settings: Settings) -> ListenAddress | None:
    """The default also listens on ::1: to some clients that is what localhost means."""
    if not settings.is_default("listen"):
        return None
    return ListenAddress.parse("tcp:3000:interface=\\:\\:1")
