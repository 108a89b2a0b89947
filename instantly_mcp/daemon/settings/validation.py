"""Validates settings against each other, once each of them is read."""

from __future__ import annotations

from collections.abc import Iterator

from ...access.exposure import exposure_refusal
from ...features.toolsets import ToolSelection
from .admin_rules import broken_admin_rules
from .endpoints import Endpoint
from .settings import Settings

_REACH = frozenset(
    {
        *("listen", "port", "public_url", "trusted_proxy"),
        *("api_key", "server_secret", "no_auth", "sandbox", "tokens_only"),
    }
)
"""The settings that decide which callers can use the operator's key."""


def toolsets_named(text: str) -> tuple[str, ...] | None:
    """Read names of toolsets, separated by commas, as a request may state them.

    :returns: ``None`` for all.
    :raises ValueError: for a name that no daemon knows.
    """
    return ToolSelection().narrowed_to(text)


def broken_rules(settings: Settings) -> Iterator[str]:
    """Yield one line for each rule that the settings break."""
    for name in ("listen", "metrics_listen"):
        texts = getattr(settings, name)
        for place, text in enumerate(texts, 1):
            try:
                Endpoint.parse(text)
            except ValueError as error:
                which = f", number {place}," if len(texts) > 1 else ""
                yield f"IMCP-SETTING {name} ({settings.origins[name]}){which} {error}"
    yield from broken_admin_rules(settings)
    if not settings.listen:
        yield "IMCP-SETTING listen must name at least one endpoint"
    if settings.sandbox and not settings.is_default("upstream"):
        yield "IMCP-SETTING sandbox and upstream exclude each other; set one"
    try:
        ToolSelection.parse(",".join(settings.toolsets))
    except ValueError as error:
        yield f"IMCP-SETTING toolsets ({settings.origins['toolsets']}): {error}"
    if settings.unknown & _REACH:
        # An unreadable value cannot be judged, and is already reported.
        return
    exposed = exposure_refusal(
        settings.listen,
        operator_key=settings.api_key is not None and not settings.sandbox,
        server_secret=settings.server_secret is not None,
        no_auth=settings.no_auth,
        public_url=settings.public_url,
        trusted_proxy=settings.trusted_proxy,
        tokens_only=settings.tokens_only is True,
    )
    if exposed is not None:
        yield f"IMCP-OPEN refusing to start: {exposed}"


def unwise_choices(settings: Settings) -> Iterator[str]:
    """Yield one warning for each setting that is allowed but unwise."""
    if settings.no_auth:
        yield (
            f"IMCP-OPEN no_auth ({settings.origins['no_auth']}) is set: every program "
            "on this machine can use this server without a server secret"
        )
