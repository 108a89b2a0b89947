"""Validates where the pages of approvers are served: loopback or https only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from ...access.exposure import is_local, is_loopback
from .endpoints import Endpoint
from .settings import ON_MCP_PORT, Settings


def broken_admin_rules(settings: Settings) -> Iterator[str]:
    """Yield one line for each rule that ``admin_listen`` or ``admin_url`` breaks."""
    url, listen = settings.admin_url, settings.admin_listen
    if url is not None and not _is_safe(url):
        yield (
            f"IMCP-SETTING admin_url ({settings.origins['admin_url']}) must be https, "
            "or an address of this machine"
        )
    where = f"IMCP-SETTING admin_listen ({settings.origins['admin_listen']})"
    if ON_MCP_PORT in listen:
        yield from _broken_on_mcp_port(settings, where)
    else:
        yield from _broken_listeners(listen, url, where)


def _broken_on_mcp_port(settings: Settings, where: str) -> Iterator[str]:
    if not settings.admin_on_mcp_port:
        yield f"{where} is either mcp or endpoints, not both"
    elif not all(map(_is_private, settings.listen)) and not any(
        urlsplit(url or "").scheme == "https"
        for url in (settings.admin_url, settings.public_url)
    ):
        yield (
            f"{where} is mcp, and the MCP port can be reached without TLS: set "
            "public_url to an https address, or listen on loopback"
        )


def _broken_listeners(
    listen: Sequence[str], url: str | None, where: str
) -> Iterator[str]:
    for text in listen:
        try:
            Endpoint.parse(text)
        except ValueError as error:
            yield f"{where} {error}"
            continue
        if is_local(text):
            continue
        if not text.startswith("ssl:"):
            yield (
                f"{where} {text!r} can be reached from other machines without TLS: "
                "listen on loopback, or use ssl:"
            )
        elif url is None:
            yield f"{where} {text!r} needs admin_url, the https URL of these pages"


def _is_private(text: str) -> bool:
    return is_local(text) or text.startswith("ssl:")


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")
