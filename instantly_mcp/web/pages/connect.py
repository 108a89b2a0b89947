"""The connect page: for each client, what to copy and where it goes.

Everyone may see it, because it repeats what an MCP request without a credential is
told: the address and the kind of credential. It contains no secret, and nothing of
tools, workspaces or callers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from twisted.web.template import Tag, tags

from ..._json_codec import JsonObject
from ...clients.address import McpAddress
from ...clients.client import ClientFile, Configuration, Language, McpClient
from ...clients.registry import CLIENTS
from ..interfaces import Facts
from .address import THIS_HOST, mcp_address
from .look import copyable, document, site_navigation
from .page_request import PageRequest

BUNDLE = "/connect/instantly-mcp.mcpb"
"""The extension for Claude Desktop."""

DESKTOP = "claude-desktop"

_CREDENTIALS = {
    "none": "No credential is needed.",
    "key": "Your client presents your Instantly API key. Replace the placeholder in "
    "the text by it, or set the variable that it names.",
    "token": "Your client presents a connection token, which begins with imt_. Ask the "
    "operator of this server for one; an Instantly API key does not replace it.",
    "secret": "Your client presents the secret of this server. Ask its operator for "
    "it.",
}
_BESIDE = (
    "Your client also presents your Instantly API key, in a second header: "
    "x-instantly-api-key."
)


def connect_page(facts: Facts, request: PageRequest) -> bytes:
    """Return the page. The parameter ``client`` opens the part of one client."""
    address = mcp_address(facts, request.known)
    chosen = request.first("client")
    return document(
        "Connect a client",
        tags.p("The address of this MCP server:"),
        copyable(address.url),
        *_remarks(facts, address),
        tags.h2("Your client"),
        tags.p(
            "Open the part of your client. One click on a text selects all of it.",
            class_="dim",
        ),
        *[_part(each, address, facts, each.id == chosen) for each in CLIENTS.values()],
        *_not_listed(address),
        tags.h2("Check"),
        tags.p(
            tags.a("Has this server seen your client?", href=_check(facts)),
            " If answers arrive late or all at once, ",
            tags.a("test the stream", href=f"{facts.prefix}/connect/stream"),
            ": a proxy may hold it back.",
        ),
        navigation=site_navigation(
            facts, "/connect", known=request.known, operator=request.operator
        ),
    )


def connect(facts: Facts, request: PageRequest) -> JsonObject:
    """Return the texts of the page as a JSON object."""
    address = mcp_address(facts, request.known)
    return {
        "mcp": address.url,
        "credential": facts.credential,
        "clients": {
            client.id: {
                "title": client.title,
                "configurations": {
                    each.name: {
                        "where": each.instructions(address),
                        "files": [file.path for file in each.files],
                        "text": each.write(address),
                    }
                    for each in client.configurations
                },
            }
            for client in CLIENTS.values()
        },
    }


def _check(facts: Facts) -> str:
    return f"{facts.prefix}/connect/check"


def _remarks(facts: Facts, address: McpAddress) -> Iterator[Tag]:
    yield tags.p(_CREDENTIALS[facts.credential])
    if facts.key_beside_secret:
        yield tags.p(_BESIDE)
    host = urlsplit(address.url).hostname or ""
    if host == THIS_HOST.lower():
        yield tags.p(
            f"Replace {THIS_HOST} by the name or address under which you reach this "
            "server.",
            class_="warn",
        )
    elif facts.mode != "sandbox" and host in {"127.0.0.1", "::1", "localhost"}:
        yield tags.p(
            "This address works on the machine of the server only. If you came here "
            "from another one, ask the operator for the public one.",
            class_="warn",
        )


def _part(client: McpClient, address: McpAddress, facts: Facts, is_open: bool) -> Tag:
    """Return the part of one client; the browser opens one of them at a time."""
    attributes = {"open": ""} if is_open else {}
    return tags.details(
        tags.summary(client.title),
        *_reach(client, address),
        *_bundle(client, facts),
        *_install(client, address),
        *[
            tag
            for each in client.configurations
            for tag in _configuration(each, address)
        ],
        *[tags.p(note) for note in client.notes],
        id=client.id,
        name="client",
        **attributes,
    )


def _reach(client: McpClient, address: McpAddress) -> Iterator[Tag]:
    obstacle = client.obstacle(address)
    if obstacle is not None:
        yield tags.p(obstacle, class_="warn")
    if client.id == DESKTOP:
        yield tags.p(
            "Claude Desktop's file only starts local programs: an entry with a ",
            tags.code("url"),
            " is skipped. Use the extension, or the text below. Connectors, in the "
            "settings of Claude, run from Anthropic's cloud",
            *(
                ["."]
                if address.is_public
                else [" and cannot see ", tags.code(address.host), "."]
            ),
            class_="note",
        )


def _bundle(client: McpClient, facts: Facts) -> Iterator[Tag]:
    if client.id == DESKTOP:
        yield tags.p(
            tags.a(
                "Download the extension",
                href=f"{facts.prefix}{BUNDLE}",
                class_="button primary",
            )
        )
        yield tags.p(
            "Open the file: Claude Desktop installs it.",
            class_="dim small",
        )


def _install(client: McpClient, address: McpAddress) -> Iterator[Tag]:
    if client.install_link is None:
        return
    link = client.install_link(address)
    yield tags.p(
        tags.a(f"Add to {client.title}", href=link.app, class_="button primary")
    )
    yield tags.p(
        "If nothing happens, ",
        tags.a("open this page", href=link.web),
        ", which does the same.",
        class_="dim small",
    )


def _configuration(each: Configuration, address: McpAddress) -> Iterator[Tag]:
    yield tags.h3(each.title)
    yield tags.p(each.instructions(address))
    if each.files:
        yield tags.ul(*[tags.li(*_file(file)) for file in each.files])
    text = each.write(address)
    if each.language is Language.TEXT:
        yield tags.div(text, class_="card steps")
    else:
        yield copyable(text)


def _file(file: ClientFile) -> Sequence[Tag | str]:
    code = tags.code(file.path)
    return (f"{file.system}: ", code) if file.system else (code,)


def _not_listed(address: McpAddress) -> Iterator[Tag]:
    auth = address.auth
    header = "no credential"
    if auth is not None:
        header = f"the header {auth.header}: {auth.prefix}{auth.placeholder}"
    yield tags.details(
        tags.summary("Another client"),
        tags.p(
            "Any client that supports Streamable HTTP: give it the address above and ",
            tags.code(header),
            ". A client that starts local programs only runs ",
            tags.code("instantly-mcp stdio --url ADDRESS"),
            ".",
        ),
        id="other",
        name="client",
    )
