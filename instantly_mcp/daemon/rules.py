"""What no daemon may be told, however well each setting reads by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .listening import ListenAddress

if TYPE_CHECKING:
    from .settings import Settings


def broken_rules(settings: Settings) -> Iterator[str]:
    """Yield one line for every rule that the settings break together."""
    open_to_others: list[str] = []
    for text in settings.listen:
        try:
            address = ListenAddress.parse(text)
        except ValueError as error:
            yield f"IMCP-SETTING listen ({settings.origins['listen']}) {error}"
        else:
            if not address.is_local:
                open_to_others.append(text)
    if not settings.listen:
        yield "IMCP-SETTING listen must name at least one endpoint"
    if settings.sandbox and not settings.is_default("upstream"):
        yield "IMCP-SETTING sandbox and upstream exclude each other; set one"
    if open_to_others:
        yield from _dangers_of_being_open(settings, open_to_others[0])


def _dangers_of_being_open(settings: Settings, listen: str) -> Iterator[str]:
    if settings.no_auth:
        yield (
            f"IMCP-OPEN no_auth is for loopback only, and {listen} is open to others: "
            "listen on 127.0.0.1, or drop no_auth"
        )
    elif (
        settings.api_key is not None
        and settings.server_secret is None
        and not settings.sandbox
    ):
        yield (
            f"IMCP-OPEN refusing to start: anyone who can reach {listen} could use "
            "the operator's Instantly key; set a server secret or listen on 127.0.0.1"
        )
