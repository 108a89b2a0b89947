"""The home page: what this server is, its state, and where to go on.

If there is a server secret or a connection token, visitors who present neither see
only name, status and version, and the way to the connect page.
"""

from __future__ import annotations

from collections.abc import Iterator

from twisted.web.template import Tag, tags

from ..._json_codec import JsonObject
from ...clients.registry import CLIENTS
from .. import documents
from ..interfaces import NO_KEY_NEEDED, Condition, Facts
from .address import mcp_address, reachable_url
from .look import badge, copyable, document, rows, site_navigation

_MODES = {
    "sandbox": "Sandbox: a simulated Instantly workspace. Nothing leaves this server, "
    "and no mail is sent.",
    "live": "Live: tools act on real Instantly workspaces.",
}
_KINDS = {"ready": "well", "starting": "warn", "draining": "warn"}


def home_page(
    facts: Facts, condition: Condition, known: bool, operator: bool = False
) -> bytes:
    """Return the page in HTML.

    :param known: the visitor may see more than name, status and version.
    :param operator: the visitor may see ``/status``.
    """
    status = _status(condition)
    state = badge(status, _KINDS.get(status, ""))
    if not known:
        return document(
            facts.name,
            rows(("Status", state), ("Version", facts.version)),
            tags.p(
                "This is an MCP server: AI assistants connect to it. Ask its operator "
                "for access, then ",
                tags.a("connect your client", href=f"{facts.prefix}/connect"),
                ".",
            ),
            navigation=site_navigation(facts, "/", known=False),
        )
    return document(
        facts.title,
        tags.p(facts.description, ".", class_="lead"),
        tags.p(_MODES[facts.mode], class_="note"),
        rows(
            ("Status", state),
            ("Version", facts.version),
            ("Tools", str(facts.tool_count)),
        ),
        *_next_steps(facts, operator),
        *_connect(facts),
        *_more(facts),
        navigation=site_navigation(facts, "/", operator=operator),
    )


def home(facts: Facts, condition: Condition, known: bool) -> JsonObject:
    """Return the facts of the home page as a JSON object."""
    if not known:
        return documents.brief_info(facts, condition)
    return {
        "name": facts.name,
        "title": facts.title,
        "version": facts.version,
        "mode": facts.mode,
        "status": _status(condition),
        "mcp": f"{reachable_url(facts)}/mcp",
        "documentation": documents.documentation(facts),
        "endpoints": documents.endpoints(facts),
    }


def _next_steps(facts: Facts, operator: bool) -> Iterator[Tag]:
    steps = [
        ("/connect", "Connect a client", "Claude, Cursor, VS Code, n8n and others."),
        (
            "/connect/check",
            "Check the connection",
            "Has this server seen your client?",
        ),
    ]
    if facts.mode == "sandbox":
        steps.append(
            ("/sandbox", "Sandbox", "Mail that would have been sent, clock and faults.")
        )
    if operator:
        steps.append(
            ("/status", "Status", "Is it this server, or Instantly? For operators.")
        )
    yield tags.div(
        *[
            tags.div(
                tags.h2(tags.a(title, href=f"{facts.prefix}{path}")),
                tags.p(text, class_="dim"),
                class_="card",
            )
            for path, title, text in steps
        ],
        class_="tiles",
    )


def _connect(facts: Facts) -> Iterator[Tag]:
    address = mcp_address(facts)
    yield tags.h2("Address")
    yield tags.p("MCP endpoint, for any client that supports Streamable HTTP:")
    yield copyable(address.url)
    claude = CLIENTS["claude-code"]
    yield tags.p(f"{claude.title}:")
    yield copyable(claude.preferred.write(address))
    ways = [way for way in facts.authentication if way != NO_KEY_NEEDED]
    needless = len(ways) < len(facts.authentication)
    yield tags.details(
        tags.summary("Ways to present a credential"),
        tags.p(
            "No key is needed. A client that has one presents it in one of these ways:"
            if needless
            else "A client presents it in one of these ways:"
        ),
        tags.ul(*[tags.li(tags.code(way)) for way in ways]),
    )


def _more(facts: Facts) -> Iterator[Tag]:
    links = [
        tags.a("What this server offers, as JSON", href=f"{facts.prefix}/info"),
        tags.a("Health", href=f"{facts.prefix}/health"),
        tags.a("Readiness", href=f"{facts.prefix}/ready"),
    ]
    if facts.documentation_url is not None:
        links.insert(0, tags.a("Documentation", href=facts.documentation_url))
    yield tags.h2("More")
    yield tags.ul(*[tags.li(link) for link in links])
    if facts.documentation_url is None:
        yield tags.p(
            "Documentation: README.md and the folder docs of the source of ",
            f"{facts.name} {facts.version}.",
            class_="dim",
        )


def _status(condition: Condition) -> str:
    return str(documents.ready(condition)[1]["status"])
