"""Builders for exchanges, which keep the tests of stages short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from instantly_mcp._json_codec import dumps
from instantly_mcp.pipeline.exchange import Exchange, Headers, Route
from instantly_mcp.pipeline.mcp_path import McpPath, read_path


def headers(values: Mapping[str, str | Sequence[str]]) -> Headers:
    """Headers from a plain mapping; a string stands for one value."""
    return Headers(
        {
            name.lower(): (value,) if isinstance(value, str) else tuple(value)
            for name, value in values.items()
        }
    )


def exchange(
    message: Any = None,
    *,
    method: str = "POST",
    route: Route = Route.MCP,
    body: bytes | None = None,
    path: str = "",
    path_key: str | None = None,
    with_headers: Mapping[str, str | Sequence[str]] | None = None,
    **fields: Any,
) -> Exchange:
    """Return an exchange as ``web`` would hand it to the first stage.

    :param message: a JSON value for the body; `body` gives raw bytes instead.
    :param path: what follows ``/mcp/`` in the path; `path_key` gives a key alone.
    """
    if body is None:
        body = b"" if message is None else dumps(message)
    parts = read_path(path) if path else McpPath(key=path_key)
    assert parts is not None, "no such path is served"
    given = {
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        **(with_headers or {}),
    }
    return Exchange(
        id="test",
        method=method,
        route=route,
        headers=headers(given),
        path=parts,
        body=body,
        peer=fields.pop("peer", "127.0.0.1"),
        **fields,
    )
