"""What MCP needs from the rest of the daemon, in its own terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from .._credential import Credential
from .._json import JsonObject

if TYPE_CHECKING:
    from .prompt import Prompt
    from .resource import Resource, ResourceTemplate
    from .session import Lookup, McpSession
    from .shelves import Found
    from .tool import Tool
    from .versions import Revision


Work: TypeAlias = "Deferred[Any]"
"""Something under way, whatever it comes to."""


class IToolbox(Interface):
    """The tools on offer."""

    def listed() -> Sequence[Tool]:
        """Return the tools that ``tools/list`` shows, always in the same order."""

    def find(name: str) -> Tool | None:
        """Return the tool called so, also one that is callable but not listed."""


class IResourceShelf(Interface):
    """The resources on offer."""

    def resources() -> Sequence[Resource]:
        """Return the resources with fixed URIs, always in the same order."""

    def templates() -> Sequence[ResourceTemplate]:
        """Return the templates, always in the same order."""

    def find(uri: str) -> Found | None:
        """Return what serves the URI, with the values its template found in it."""

    def template(uri_template: str) -> ResourceTemplate | None:
        """Return the template written so."""


class IPromptBook(Interface):
    """The prompts on offer."""

    def listed() -> Sequence[Prompt]:
        """Return the prompts, always in the same order."""

    def find(name: str) -> Prompt | None:
        """Return the prompt called so."""


class IOutlet(Interface):
    """Where notifications that belong to one request (or one session) go."""

    def send(message: JsonObject) -> None:
        """Send a notification object; silently dropped once the outlet is closed."""

    def close() -> None:
        """End the stream behind this outlet, if there is one."""

    def interrupt() -> None:
        """Close the connection but keep the stream, for a client that will resume it.

        Does nothing where resumption does not exist.
        """


class IHeaders(Interface):
    """The HTTP headers of a request, as plain text."""

    def all(name: str) -> Sequence[str]:
        """Return every value of the header `name` (given in lower case), in order."""


class ISeal(Interface):
    """Turns small state into tokens that a client can carry but not change."""

    def seal(purpose: str, payload: bytes) -> str:
        """Return visible ASCII that only `unseal` of the same purpose opens."""

    def unseal(purpose: str, token: str) -> bytes | None:
        """Return the payload, or ``None`` for anything we did not seal."""


class ISessionStore(Interface):
    """Legacy sessions: mint, find, adopt, end."""

    count = Attribute("How many sessions are held now.")

    def open(revision: Revision, credential: Credential | None) -> McpSession:
        """Mint a session with a sealed id. May evict the oldest idle one."""

    def look_up(session_id: str) -> Lookup:
        """Say what the id is: live, sealed but not held, ended, or foreign."""

    def issued(session_id: str) -> bool:
        """Say whether the id was minted here, or by a server of this kind.

        Its form tells, so this holds for ids that were sealed with lost keys, too.
        """

    def adopt(session_id: str, credential: Credential | None) -> McpSession | None:
        """Hold a sealed id that we minted and lost (after a restart).

        :returns: ``None`` if the principal differs from the sealed one.
        """

    def end(session: McpSession, why: str) -> None:
        """End the session: its streams are closed, its calls are cancelled."""


class ITracker(Interface):
    """Knows what must finish before the daemon stops."""

    def track(work: Work) -> None:
        """Hold the daemon's stop until `work` fires (within the drain's deadline)."""
