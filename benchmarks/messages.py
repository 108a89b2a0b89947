"""The HTTP requests that are sent, as bytes, and the page that the upstream returns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

LEGACY = "2025-11-25"
MODERN = "2026-07-28"
SESSION_HEADER = "Mcp-Session-Id"
KEYS = tuple(f"bench-key-{number:04}-{'x' * 24}" for number in range(256))
"""Keys of so many callers that the throttle delays none of them."""

_CLIENT = {"name": "bench", "version": "1.0"}
_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": _CLIENT,
}
_PAGE_ITEMS = 10


@frozen
class Question:
    """One kind of request.

    :param path: the route of the references for it.
    :param target: the maximum cost as a multiple of the reference.
    :param modern: send it in the modern era; otherwise within a session.
    :param opens: it opens a session.
    """

    method: str
    path: str
    params: Mapping[str, Any]
    target: float
    modern: bool = False
    opens: bool = False

    @property
    def label(self) -> str:
        """The name in the table."""
        name = self.params.get("name")
        return f"{self.method} {name}" if isinstance(name, str) else self.method


PING = Question("ping", "/ping", {}, 0.8)
LIST = Question("tools/list", "/list", {}, 0.8)
DISCOVER = Question("server/discover", "/discover", {"_meta": _META}, 0.8, modern=True)
CALL = Question(
    "tools/call",
    "/call",
    {"name": "list_campaigns", "arguments": {"limit": _PAGE_ITEMS}},
    0.9,
)
INITIALIZE = Question(
    "initialize",
    "/initialize",
    {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": _CLIENT},
    0.8,
    opens=True,
)
QUESTIONS = (PING, LIST, DISCOVER, CALL, INITIALIZE)
"""In the order of measuring; ``initialize`` is last because its sessions stay open."""

UPSTREAM_TARGET = f"/api/v2/campaigns?limit={_PAGE_ITEMS}"


def post(path: str, question: Question, headers: Mapping[str, str]) -> bytes:
    """Return a POST as a client of the era of `question` sends it."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": question.method}
    if question.params:
        message["params"] = question.params
    body = json.dumps(message).encode()
    version = MODERN if question.modern else LEGACY
    lines = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "User-Agent": "bench/1.0",
        "MCP-Protocol-Version": version,
        **({"Mcp-Method": question.method} if question.modern else {}),
        **headers,
        "Content-Length": str(len(body)),
    }
    if question.opens:
        del lines["MCP-Protocol-Version"]
    return _head("POST", path, lines) + body


def event_stream(path: str, headers: Mapping[str, str]) -> bytes:
    """Return a GET that opens an event stream."""
    lines = {"Host": "127.0.0.1", "Accept": "text/event-stream", **headers}
    return _head("GET", path, {"MCP-Protocol-Version": LEGACY, **lines})


def session_end(path: str, headers: Mapping[str, str]) -> bytes:
    """Return the DELETE that ends a session."""
    return _head("DELETE", path, {"Host": "127.0.0.1", **headers})


def asked_by_all(
    path: str, question: Question, sessions: Sequence[str]
) -> Sequence[bytes]:
    """Return the request for each caller, in the caller's session."""
    found = []
    for key, session in zip(KEYS, sessions, strict=True):
        headers = {"x-instantly-api-key": key}
        if not question.modern and not question.opens:
            headers[SESSION_HEADER] = session
        found.append(post(path, question, headers))
    return found


def campaigns_page() -> bytes:
    """Return a page of campaigns in the format of the API, about 6.5 kB."""
    items = [_campaign(number) for number in range(_PAGE_ITEMS)]
    page = {"items": items, "next_starting_after": items[-1]["id"]}
    return json.dumps(page, separators=(",", ":")).encode()


def _campaign(number: int) -> dict[str, Any]:
    schedule = {
        "name": "Weekdays",
        "timing": {"from": "09:00", "to": "17:00"},
        "days": {str(day): 0 < day < 6 for day in range(7)},
        "timezone": "America/Chicago",
    }
    return {
        "id": f"018f2c6e-5b1a-7c3d-9e4f-{number:012x}",
        "name": f"Outreach to logistics companies, wave {number}",
        "pl_value": 100,
        "status": number % 4,
        "is_evergreen": False,
        "campaign_schedule": {"schedules": [schedule]},
        "email_gap": 10,
        "random_wait_max": 10,
        "text_only": False,
        "email_list": [f"sender{number}@example.com", "second@example.org"],
        "daily_limit": 50,
        "stop_on_reply": True,
        "stop_on_auto_reply": True,
        "link_tracking": False,
        "open_tracking": False,
        "timestamp_created": "2026-01-05T09:00:00.000Z",
        "timestamp_updated": "2026-02-11T16:30:00.000Z",
    }


def _head(method: str, path: str, lines: Mapping[str, str]) -> bytes:
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{text}\r\n".encode("latin-1")
