"""Answers requests while the daemon cannot: a server with one tool.

Its capabilities are those that the daemon has, so that a client that began with this
server can use the daemon later without a new handshake. Its lists are empty but for the
one tool, and nothing may be cached.
"""

from __future__ import annotations

from attrs import frozen

from ... import __version__
from ..._json_codec import Json, JsonObject, dumps
from ...protocol.wire.classify import META_VERSION
from ...protocol.wire.envelope import META_SERVER
from ...protocol.wire.errors import not_served
from ...protocol.wire.jsonrpc import Request, Response, notification
from ...protocol.wire.versions import (
    ALL_REVISIONS,
    LATEST_LEGACY,
    MODERN_REVISIONS,
    Revision,
    negotiate,
)
from ..problems.problem import Problem

TOOL = "connection_problem"

TITLE = "Why Instantly is not available"

META_SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"

ACKNOWLEDGED = "notifications/subscriptions/acknowledged"

_CAPABILITIES: JsonObject = {
    "tools": {"listChanged": True},
    "logging": {},
    "resources": {"subscribe": True, "listChanged": True},
    "prompts": {"listChanged": True},
    "completions": {},
}

_EMPTY: dict[str, str] = {
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
    "prompts/list": "prompts",
}

_DONE = frozenset(
    {"ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"}
)

_UNKNOWN_OUTCOME = (
    "The connection was lost after {name} was sent, so its outcome is unknown: it may "
    "have been carried out. Do not call {name} another time before you know. When the "
    "connection works, look with a reading tool whether it took effect (for a mail: "
    "list the sent mails of that lead), and tell the user what you found. ({why})"
)


@frozen
class StandIn:
    """Answers in place of the daemon.

    :param revision: the revision of a request without an envelope.
    """

    revision: Revision = LATEST_LEGACY

    def answer(self, request: Request, problem: Problem) -> bytes:
        """Return the response to any request."""
        result = self._result(request, problem)
        if result is None:
            return Response(request.id, error=not_served(problem.text)).encode()
        return self._enveloped(request, result)

    def working(self, request: Request, address: str) -> bytes:
        """Return the result of `TOOL` when there is no problem."""
        text = (
            f"The connection to {address} works. List the tools of this server again "
            "to see them."
        )
        return self._enveloped(request, _says(text, error=False))

    def unknown_outcome(self, request: Request, problem: Problem) -> bytes:
        """Return the response to a request that may have been carried out."""
        name = request.params.get("name")
        named = name if isinstance(name, str) else request.method
        text = _UNKNOWN_OUTCOME.format(name=named[:100], why=problem.text)
        if request.method == "tools/call":
            return self._enveloped(request, _says(text, error=True))
        return Response(request.id, error=not_served(text)).encode()

    def broken(self, request: Request) -> bytes:
        """Return the response to a request that failed because of a bug."""
        why = "The relay failed; standard error has the reason. Tell your admin."
        return Response(request.id, error=not_served(why)).encode()

    def _result(self, request: Request, problem: Problem) -> JsonObject | None:
        method = request.method
        if method == "initialize":
            return self._initialize(request, problem)
        if method == "server/discover":
            return {
                "supportedVersions": list(MODERN_REVISIONS),
                "capabilities": _CAPABILITIES,
                "instructions": problem.text,
                **_uncached(request),
            }
        if method == "tools/list":
            tool = _tool(_revision_of(request, self.revision))
            return {"tools": [tool], **_uncached(request)}
        if method == "tools/call":
            return _says(problem.text, error=request.params.get("name") != TOOL)
        if method in _EMPTY:
            return {_EMPTY[method]: [], **_uncached(request)}
        return {} if method in _DONE else None

    def _initialize(self, request: Request, problem: Problem) -> JsonObject:
        revision = negotiate(request.params.get("protocolVersion"))
        server: dict[str, Json] = dict(_server())
        capabilities = dict(_CAPABILITIES)
        if not revision.structured:
            del server["title"]
        if not revision.completions:
            del capabilities["completions"]
        return {
            "protocolVersion": revision.version,
            "capabilities": capabilities,
            "serverInfo": server,
            "instructions": problem.text,
        }

    def _enveloped(self, request: Request, result: JsonObject) -> bytes:
        if _is_modern(request):
            meta = {META_SERVER: _server()}
            result = {"resultType": "complete", **result, "_meta": meta}
        return Response(request.id, result).encode()


def acknowledgment(request: Request) -> bytes:
    """Return the acknowledgment of a ``subscriptions/listen`` as it was requested."""
    wanted = request.params.get("notifications")
    params = {
        "notifications": wanted if isinstance(wanted, dict) else {},
        "_meta": {META_SUBSCRIPTION: request.id},
    }
    return dumps(notification(ACKNOWLEDGED, params))


def _tool(revision: Revision) -> JsonObject:
    tool: dict[str, Json] = {
        "name": TOOL,
        "description": (
            "Say why the tools of this server are not available, and what to do."
        ),
        "inputSchema": {"type": "object", "properties": {}},
    }
    if revision.structured:
        tool["title"] = TITLE
    if revision.annotations:
        tool["annotations"] = {
            "title": TITLE,
            "readOnlyHint": True,
            "destructiveHint": False,
            "idempotentHint": True,
            "openWorldHint": False,
        }
    return tool


def _says(text: str, *, error: bool) -> JsonObject:
    return {"content": [{"type": "text", "text": text}], "isError": error}


def _server() -> JsonObject:
    return {
        "name": "instantly-mcp",
        "title": "Instantly (not connected)",
        "version": __version__,
    }


def _uncached(request: Request) -> JsonObject:
    return {"ttlMs": 0, "cacheScope": "private"} if _is_modern(request) else {}


def _revision_of(request: Request, otherwise: Revision) -> Revision:
    meta = request.params.get("_meta")
    stated = meta.get(META_VERSION) if isinstance(meta, dict) else None
    return (
        ALL_REVISIONS.get(stated, otherwise) if isinstance(stated, str) else otherwise
    )


def _is_modern(request: Request) -> bool:
    return _revision_of(request, LATEST_LEGACY).modern
