"""The JSON documents of the status routes, as pure functions of the daemon's facts.

Counts, versions and lists come from `Facts` and `Condition`. No document shows a key, a
path or a header of the request.
"""

from __future__ import annotations

from collections.abc import Sequence

from .._json_codec import JsonObject
from .._times import utc_milliseconds
from .interfaces import Condition, Facts

TRANSPORT = "streamable-http"

ENDPOINTS: JsonObject = {
    "home": "/",
    "connect": "/connect",
    "mcp": "/mcp",
    "mcp_with_key": "/mcp/{key}",
    "sse": "/sse",
    "messages": "/messages",
    "ping": "/ping",
    "health": "/health",
    "ready": "/ready",
    "info": "/info",
}

SANDBOX_ENDPOINTS: JsonObject = {
    **ENDPOINTS,
    "sandbox": "/sandbox",
    "outbox": "/sandbox/outbox",
    "effects": "/sandbox/effects",
    "reset": "/sandbox/reset",
}

AVAILABLE: Sequence[tuple[str, str]] = (
    ("GET", "/"),
    ("GET", "/connect"),
    ("POST", "/mcp"),
    ("GET", "/mcp"),
    ("DELETE", "/mcp"),
    ("POST", "/mcp/{key}"),
    ("GET", "/sse"),
    ("POST", "/sse"),
    ("POST", "/messages"),
    ("GET", "/ping"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/info"),
)


def ping(facts: Facts, now: float) -> JsonObject:
    """Answer ``/ping``. `now` is in seconds since the epoch."""
    return {"pong": True, "timestamp": int(now * 1000), "server": facts.name}


def health(facts: Facts, condition: Condition, now: float) -> JsonObject:
    """Answer ``/health``: the process is alive; its load and degraded parts."""
    return {
        "status": _health_of(condition),
        "service": facts.name,
        "version": facts.version,
        "mode": facts.mode,
        "transport": TRANSPORT,
        "protocols": list(facts.protocol_versions),
        "timestamp": utc_milliseconds(now),
        "sessions": condition.sessions,
        "streams": condition.streams,
        "degraded": dict(condition.degraded),
        "url": base_url(facts),
        "port": facts.port,
        "endpoints": endpoints(facts),
    }


def brief_health(facts: Facts, condition: Condition) -> JsonObject:
    """Answer ``/health`` for callers who did not present the server secret."""
    status = _health_of(condition)
    return {"status": status, "service": facts.name, "version": facts.version}


def brief_info(facts: Facts, condition: Condition) -> JsonObject:
    """Answer ``/info`` for callers who did not present the server secret."""
    status = _health_of(condition)
    return {"name": facts.name, "version": facts.version, "status": status}


def _health_of(condition: Condition) -> str:
    return "degraded" if condition.degraded else "healthy"


def ready(condition: Condition, known: bool = True) -> tuple[int, JsonObject]:
    """Answer ``/ready``: return the HTTP status and the document.

    :param known: show what is degraded.
    """
    takes_work = condition.ready and not condition.draining
    unready = "draining" if condition.draining else "starting"
    return 200 if takes_work else 503, {
        "ready": takes_work,
        "status": "ready" if takes_work else unready,
        **({"degraded": dict(condition.degraded)} if known else {}),
    }


def info(facts: Facts) -> JsonObject:
    """Answer ``/info``: what this server is and how to connect to it."""
    return {
        "name": facts.name,
        "title": facts.title,
        "description": facts.description,
        "version": facts.version,
        "mode": facts.mode,
        "transport": TRANSPORT,
        "protocolVersions": list(facts.protocol_versions),
        "documentation": documentation(facts),
        "tools": facts.tool_count,
        "toolsHash": facts.tools_hash,
        "toolsets": list(facts.toolsets),
        "prompts": facts.prompts,
        "resources": facts.resources,
        "limits": dict(facts.limits),
        "capabilities": facts.capabilities,
        "features": list(facts.features),
        "authentication": authentication(facts),
        "endpoints": endpoints(facts),
    }


def endpoint_help(facts: Facts, condition: Condition) -> JsonObject:
    """Answer a person who opened ``/mcp`` with curl or a browser."""
    return {
        "server": facts.name,
        "version": facts.version,
        "transport": TRANSPORT,
        "protocolVersions": list(facts.protocol_versions),
        "tools": facts.tool_count,
        "endpoints": endpoints(facts),
        "authentication": authentication(facts),
        "status": ready(condition)[1]["status"],
        "hint": "This is an MCP endpoint: POST JSON-RPC messages to it, or point an"
        " MCP client at this URL.",
    }


def endpoints(facts: Facts) -> JsonObject:
    """Return the paths of the routes, by what they are for."""
    paths = SANDBOX_ENDPOINTS if facts.mode == "sandbox" else ENDPOINTS
    return {name: f"{facts.prefix}{path}" for name, path in paths.items()}


def authentication(facts: Facts, known: bool = True) -> JsonObject:
    """Return the ways to present a key; only known callers see them."""
    methods = {"methods": list(facts.authentication)} if known else {}
    return {"type": "api_key", **methods}


def no_oauth(facts: Facts, known: bool) -> JsonObject:
    """Answer discovery so that clients do not try OAuth, which is not supported."""
    return {
        "error": "not_found",
        "message": "This server does not support OAuth. Present an API key instead.",
        "authentication": authentication(facts, known),
    }


def authorization_server(facts: Facts, known: bool) -> JsonObject:
    """Announce an authorization server, for clients that insist on one.

    Off by default: no token can be issued, so a client that acts on this document
    starts a login that cannot succeed.
    """
    base = base_url(facts)
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "registration_endpoint": f"{base}/register",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "authentication": authentication(facts, known),
    }


def protected_resource(facts: Facts, known: bool) -> JsonObject:
    """Describe the resource as RFC 9728 defines it (off by default)."""
    base = base_url(facts)
    return {
        "resource": f"{base}/mcp",
        "authorization_servers": [base],
        "bearer_methods_supported": ["header"],
        "resource_name": facts.title,
        "authentication": authentication(facts, known),
    }


def authorize(facts: Facts, known: bool) -> JsonObject:
    """Answer ``/authorize`` if discovery documents are enabled."""
    return {
        "status": "ready",
        "message": "No authorization is needed here: present an API key.",
        "authentication": authentication(facts, known),
    }


def not_found(facts: Facts) -> JsonObject:
    """Answer an unknown path, without repeating it."""
    return {
        "error": "not_found",
        "message": "Not found.",
        "availableEndpoints": [
            f"{method} {facts.prefix}{path}" for method, path in AVAILABLE
        ],
    }


def documentation(facts: Facts) -> str:
    """Return the URL of the operator's documentation, else of the home page."""
    return facts.documentation_url or f"{base_url(facts) or ''}/"


def base_url(facts: Facts) -> str | None:
    """Return the public URL, else the URL of the first listener."""
    return facts.public_url or facts.url
