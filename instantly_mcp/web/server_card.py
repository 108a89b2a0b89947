"""The server card and the AI catalog: how a client finds this server by its domain.

Both are public, for scripts of any origin as well, and contain what everyone may know.
They exist only for a server that knows its public URL. Source:
https://github.com/modelcontextprotocol/experimental-ext-server-card/blob/main/docs/discovery.md
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import urlsplit

from .._json_codec import Json, JsonObject, dumps
from ..clients.address import AUTH_HEADERS, AuthHeader
from ..icons import server_icons
from ..pipeline.exchange import Headers
from ..pipeline.replies.reply import Answer, HeaderPairs
from .interfaces import Facts

CARD_PATH = "/mcp/server-card"
CARD_TYPE = "application/mcp-server-card+json"
CATALOG_TYPE = "application/ai-catalog+json"
SCHEMA = "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json"

MAX_CHARS = 100
"""Longest title and description."""

_FOR_EVERY_ORIGIN: HeaderPairs = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET"),
    ("Access-Control-Allow-Headers", "Content-Type, If-None-Match"),
    ("Access-Control-Expose-Headers", "ETag"),
)
_CACHING = ("Cache-Control", "public, max-age=3600")
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9.-]")


def discovery_answer(facts: Facts, path: str, headers: Headers) -> Answer | None:
    """Return the document at a path, or that the caller's copy of it is current.

    :param path: without the prefix of the server.
    :param headers: of the request; ``If-None-Match`` has the caller's copies.
    :returns: ``None`` if there is no document, because the server does not know its
        public URL.
    """
    if facts.public_url is None:
        return None
    describe, media_type = _DOCUMENTS[path]
    body = dumps(describe(facts, facts.public_url))
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    common = (*_FOR_EVERY_ORIGIN, _CACHING, ("ETag", tag))
    if _has(headers, tag):
        return Answer(status=304, body=b"", headers=common)
    return Answer(
        status=200, body=body, headers=(("Content-Type", media_type), *common)
    )


def discovery_preflight() -> Answer:
    """Answer the preflight of a script."""
    return Answer(status=204, body=b"", headers=_FOR_EVERY_ORIGIN)


def server_card(facts: Facts, public_url: str) -> JsonObject:
    """Return the server card: who the server is, and how to connect to it."""
    remote: dict[str, Json] = {
        "type": "streamable-http",
        "url": f"{public_url}/mcp",
        "supportedProtocolVersions": list(facts.protocol_versions),
    }
    required = _required_headers(facts)
    if required:
        remote["headers"] = required
    card: dict[str, Json] = {
        "$schema": SCHEMA,
        "name": f"{_reversed(_publisher(public_url))}/{facts.name}",
        "version": facts.version,
        "description": facts.description[:MAX_CHARS],
        "title": facts.title[:MAX_CHARS],
        "icons": list(server_icons(public_url)),
        "remotes": [remote],
    }
    if facts.documentation_url is not None:
        card["websiteUrl"] = facts.documentation_url
    return card


def ai_catalog(facts: Facts, public_url: str) -> JsonObject:
    """Return the catalog of the domain, with this server as its only entry."""
    publisher = _publisher(public_url)
    return {
        "specVersion": "1.0",
        "entries": [
            {
                "identifier": f"urn:air:{publisher}:mcp:{facts.name}",
                "type": CARD_TYPE,
                "url": f"{public_url}{CARD_PATH}",
            }
        ],
    }


_DOCUMENTS: dict[str, tuple[Callable[[Facts, str], JsonObject], str]] = {
    CARD_PATH: (server_card, CARD_TYPE),
    "/.well-known/mcp/server-card.json": (server_card, CARD_TYPE),
    "/.well-known/ai-catalog.json": (ai_catalog, CATALOG_TYPE),
}


def _publisher(public_url: str) -> str:
    """Return the server's domain, or its address, in the characters of a name."""
    host = urlsplit(public_url).hostname or ""
    return _NOT_IN_A_NAME.sub("-", host).strip(".")


def _reversed(publisher: str) -> str:
    """Return a domain from its end; an address stays as it is."""
    labels = publisher.split(".")
    if labels[-1].isdecimal():
        return publisher
    return ".".join(reversed(labels))


def _required_headers(facts: Facts) -> list[Json]:
    found = [AUTH_HEADERS[facts.credential]]
    if facts.key_beside_secret:
        found.append(AUTH_HEADERS["key"])
    return [_header(each) for each in found if each is not None]


def _header(auth: AuthHeader) -> JsonObject:
    """Return a header that clients have to ask their user for."""
    asked: JsonObject = {
        "description": auth.prompt,
        "isRequired": True,
        "isSecret": True,
        "placeholder": auth.placeholder,
    }
    if not auth.prefix:
        return {"name": auth.header, **asked}
    return {
        "name": auth.header,
        "description": auth.prompt,
        "isRequired": True,
        "isSecret": True,
        "value": f"{auth.prefix}{{{auth.variable}}}",
        "variables": {auth.variable: asked},
    }


def _has(headers: Headers, tag: str) -> bool:
    """Say whether ``If-None-Match`` names a tag (RFC 9110, section 13.1.2)."""
    said = ",".join(headers.all("if-none-match"))
    names = {each.strip().removeprefix("W/") for each in said.split(",")}
    return tag in names or "*" in names
