"""The home page: what this server is, and how to connect to it.

If there is a server secret, visitors who do not present it see only name, status and
version. Addresses come from the settings, never from the request.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from twisted.web.template import Tag, tags

from ..._json_codec import JsonObject
from .. import documents
from ..interfaces import NO_KEY_NEEDED, Condition, Facts
from .look import document

_MODES = {
    "sandbox": "Sandbox: a simulated Instantly workspace. Nothing leaves this server, "
    "and no mail is sent.",
    "live": "Live: tools act on real Instantly workspaces.",
}
_EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})


def home_page(facts: Facts, condition: Condition, known: bool) -> bytes:
    """Return the page in HTML.

    :param known: the visitor may see more than name, status and version.
    """
    if not known:
        return document(
            facts.name,
            _lines(("Status", _status(condition)), ("Version", facts.version)),
            tags.p(
                "This is an MCP server. Ask its operator for access.",
                class_="dim",
            ),
        )
    return document(
        facts.title,
        tags.p(facts.description, "."),
        tags.p(_MODES[facts.mode], class_="mode"),
        _lines(
            ("Status", _status(condition)),
            ("Version", facts.version),
            ("Tools", str(facts.tool_count)),
        ),
        *_connect(facts),
        *_links(facts),
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


def reachable_url(facts: Facts) -> str:
    """Return the server's URL; its host is ``THIS-HOST`` if it listens on all."""
    base = documents.base_url(facts) or ""
    host = urlsplit(base).hostname
    if host in _EVERY_ADDRESS:
        return f"{urlsplit(base).scheme}://THIS-HOST:{facts.port}"
    return base


def _connect(facts: Facts) -> Iterator[Tag]:
    url = f"{reachable_url(facts)}/mcp"
    ways = [way for way in facts.authentication if way != NO_KEY_NEEDED]
    needless = len(ways) < len(facts.authentication)
    yield tags.h2("Connect")
    yield tags.p("MCP endpoint, for any client that supports Streamable HTTP:")
    yield tags.pre(tags.code(url))
    yield tags.p("Claude Code:")
    headers = "" if needless else _headers(ways)
    command = f"claude mcp add --transport http instantly {shlex.quote(url)}{headers}"
    yield tags.pre(tags.code(command))
    yield tags.p(
        "No key is needed. A client that has one presents it in one of these ways:"
        if needless
        else "A client presents its key in one of these ways:"
    )
    yield tags.ul(*[tags.li(tags.code(way)) for way in ways])


def _headers(ways: Sequence[str]) -> str:
    """Return the command-line options for the headers of the preferred way."""
    preferred = ways[0] if ways else ""
    return "".join(f' --header "{each}"' for each in preferred.split(", and ") if each)


def _links(facts: Facts) -> Iterator[Tag]:
    base = facts.public_url or ""
    yield tags.h2("More")
    links = [
        tags.a("What this server offers, as JSON", href=f"{base}/info"),
        tags.a("Health", href=f"{base}/health"),
        tags.a("Readiness", href=f"{base}/ready"),
    ]
    if facts.mode == "sandbox":
        links.insert(
            0, tags.a("Mail that would have been sent", href=f"{base}/sandbox")
        )
    if facts.documentation_url is not None:
        links.insert(0, tags.a("Documentation", href=facts.documentation_url))
    yield tags.ul(*[tags.li(link) for link in links])
    if facts.documentation_url is None:
        yield tags.p(
            "Documentation: README.md and the folder docs of the source of ",
            f"{facts.name} {facts.version}.",
            class_="dim",
        )


def _lines(*rows: tuple[str, str]) -> Tag:
    return tags.dl(*[(tags.dt(name), tags.dd(value)) for name, value in rows])


def _status(condition: Condition) -> str:
    return str(documents.ready(condition)[1]["status"])
