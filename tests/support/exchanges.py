"""Builders for exchanges, which keep the tests of stages short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from instantly_mcp._json_codec import dumps
from instantly_mcp.pipeline.exchange import Exchange, Headers, Route


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
    with_headers: Mapping[str, str | Sequence[str]] | None = None,
    **fields: Any,
) -> Exchange:
    """Return an exchange as ``web`` would hand it to the first stage.

    :param message: a JSON value for the body; `body` gives raw bytes instead.
    """
    if body is None:
        body = b"" if message is None else dumps(message)
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
        body=body,
        peer=fields.pop("peer", "127.0.0.1"),
        **fields,
    )
