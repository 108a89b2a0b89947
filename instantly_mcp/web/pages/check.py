"""The page on which a user checks the connection: was the client seen?

A visitor sees the last client that used the same credential. The operator sees the last
client of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from twisted.web.template import Tag, tags

from ..._json_codec import JsonObject
from ..._times import utc_milliseconds
from ...clients.registry import CLIENTS
from ..interfaces import Facts, SeenClient
from .address import mcp_address, reachable_url
from .look import Navigation, badge, copyable, document, rows, site_navigation
from .page_request import PageRequest

CHECK_PATH = "/connect/check"


def check_page(
    facts: Facts, request: PageRequest, seen: SeenClient | None, now: float
) -> bytes:
    """Return the page.

    :param seen: the last client that this visitor may know of.
    :param now: seconds since the epoch.
    """
    navigation = site_navigation(
        facts, "/connect", known=request.known, operator=request.operator
    )
    if not request.sees_clients:
        return _for_others(facts, navigation)
    return document(
        "Check the connection",
        *(_seen(seen, now) if seen is not None else _not_seen(facts)),
        tags.p(
            tags.a(
                "Look again",
                href=f"{facts.prefix}{CHECK_PATH}",
                class_="button primary",
            )
        ),
        tags.h2("Try it without a client"),
        tags.p("This lists the tools, and shows whether the credential is accepted:"),
        copyable(CLIENTS["curl"].preferred.write(mcp_address(facts))),
        navigation=navigation,
    )


def check(request: PageRequest, seen: SeenClient | None) -> JsonObject:
    """Return the facts of the page as a JSON object."""
    if not request.sees_clients:
        return {"known": False}
    if seen is None:
        return {"known": True, "client": None}
    return {
        "known": True,
        "client": seen.client,
        "first": utc_milliseconds(seen.first_at),
        "last": utc_milliseconds(seen.last_at),
        "requests": seen.requests,
        "lastError": seen.error or None,
    }


def clock(seconds: float) -> str:
    """Return a time of day in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S} UTC"


def ago(seconds: float) -> str:
    """Return a time that has passed, in one unit."""
    seconds = max(0.0, seconds)
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // length)
        if count:
            return f"{count} {unit}{'s' * (count != 1)} ago"
    return f"{int(seconds)} s ago"


def _seen(seen: SeenClient, now: float) -> Iterator[Tag]:
    yield tags.p(badge("Seen", "well"), " This server has seen your client.")
    error = "none"
    if seen.error and seen.error_at is not None:
        error = f"{seen.error} at {clock(seen.error_at)}"
    yield rows(
        ("Last MCP client", seen.client),
        ("Last request", f"{clock(seen.last_at)} ({ago(now - seen.last_at)})"),
        ("Requests", f"{seen.requests}, since {clock(seen.first_at)}"),
        ("Last error", badge(error, "warn") if seen.error else error),
    )
    yield tags.p(
        "The name is what the client says of itself. Another client with the same "
        "credential replaces it here.",
        class_="dim",
    )


def _not_seen(facts: Facts) -> Iterator[Tag]:
    yield tags.p(badge("Not seen", "warn"), " This server has seen no MCP client yet.")
    yield tags.ol(
        tags.li(
            "Does the client have this address? ",
            tags.code(mcp_address(facts).url),
        ),
        tags.li("Was it restarted after its file was changed? Most clients need that."),
        tags.li(
            "Does it run on a machine that reaches this server? Try the command below "
            "there."
        ),
        tags.li("Ask it for something, then look again."),
    )


def _for_others(facts: Facts, navigation: Navigation) -> bytes:
    return document(
        "Check the connection",
        tags.p(
            "This page shows which client used your credential last, so that it needs "
            "the credential. A browser does not send it: run this command."
        ),
        copyable(_command(facts)),
        navigation=navigation,
    )


def _command(facts: Facts) -> str:
    auth = mcp_address(facts, known=False).auth
    url = f"{reachable_url(facts, known=False)}{CHECK_PATH}"
    header = (
        "" if auth is None else f' -H "{auth.header}: {auth.prefix}${auth.variable}"'
    )
    return f"curl -s{header} {url}"
