"""Builders for MCP messages, as clients of each era write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from instantly_mcp._json_codec import Json, JsonObject

MODERN_VERSION = "2026-07-28"
LEGACY_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")

META = "io.modelcontextprotocol/"

NAMED_BY: Mapping[str, str] = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}

ABSENT = object()
"""Stands for a member that is left out."""


def request(method: str, params: Json = ABSENT, id: Json = 1) -> dict[str, Json]:
    """Return a request; `id` and `params` may be anything, also wrong."""
    message: dict[str, Json] = {"jsonrpc": "2.0", "id": id, "method": method}
    if params is not ABSENT:
        message["params"] = params
    return message


def notice(method: str, params: Json = ABSENT) -> dict[str, Json]:
    """Return a notification."""
    message = request(method, params)
    del message["id"]
    return message


def call(
    tool: Json, arguments: Json = ABSENT, id: Json = 1, token: Json = None
) -> dict[str, Json]:
    """Return a ``tools/call``, with a progress token if one is given."""
    params: dict[str, Json] = {"name": tool}
    if arguments is not ABSENT:
        params["arguments"] = arguments
    if token is not None:
        params["_meta"] = {"progressToken": token}
    return request("tools/call", params, id)


def initialize(
    version: Json = "2025-11-25",
    id: Json = 1,
    capabilities: JsonObject | None = None,
) -> dict[str, Json]:
    """Return the opening request of the legacy era."""
    params = {
        "protocolVersion": version,
        "capabilities": capabilities or {},
        "clientInfo": {"name": "tests", "version": "1"},
    }
    return request("initialize", params, id)


def modern(
    message: JsonObject, version: Json = MODERN_VERSION, **meta: Json
) -> dict[str, Json]:
    """Return the message with the per-request envelope of the modern era.

    :param meta: more members of ``_meta`` by their short names; `ABSENT` removes one.
    """
    whole: dict[str, Json] = {
        "protocolVersion": version,
        "clientCapabilities": {},
        "clientInfo": {"name": "tests", "version": "1"},
        **meta,
    }
    params = dict(message.get("params", {}))
    own = {META + name: value for name, value in whole.items() if value is not ABSENT}
    params["_meta"] = {**params.get("_meta", {}), **own}
    return {**message, "params": params}


def modern_headers(message: JsonObject) -> dict[str, str | Sequence[str]]:
    """Return the routing headers that agree with a modern message."""
    params = message.get("params", {})
    headers: dict[str, str | Sequence[str]] = {
        "mcp-protocol-version": params["_meta"][META + "protocolVersion"],
        "mcp-method": message["method"],
    }
    name = params.get(NAMED_BY.get(message["method"], ""))
    if isinstance(name, str):
        headers["mcp-name"] = name
    return headers
