"""Every way in which a client can call a tool.

A way is a function from a call to the result of the tool, or to the error instead of
it. `WAYS` is the list; a new transport or a new tool that calls tools belongs there.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from attrs import evolve, field, frozen

from instantly_mcp._json_codec import Json, JsonObject, loads
from tests.support.messages import (
    call,
    initialize,
    modern,
    modern_headers,
    notice,
    request,
)

from .memory_daemon import Answer, MemoryDaemon

KEY = "sandbox-walk"
TASKS: JsonObject = {"extensions": {"io.modelcontextprotocol/tasks": {}}}
TASK_STEPS = 45
"""Seconds after which a task that does not end is one that waits for a person."""


@frozen(kw_only=True)
class Caller:
    """Who calls, and what the request says about itself.

    :param key: an Instantly key or a connection token.
    :param place: where it travels: ``header``, ``path`` or ``query``.
    :param path: what follows ``/mcp`` or ``/sse``.
    :param capabilities: what the client declares.
    """

    daemon: MemoryDaemon
    key: str | None = KEY
    place: str = "header"
    path: str = ""
    query: Mapping[str, str] = field(factory=dict)
    headers: Mapping[str, str] = field(factory=dict)
    capabilities: JsonObject = field(factory=dict)

    def with_(self, **changes) -> Caller:
        """Return a copy with these fields replaced."""
        return evolve(self, **changes)

    def target(self, route: str) -> str:
        """Return the path and query of a request."""
        path, query = route + self.path, dict(self.query)
        if self.key is not None and self.place == "path":
            path += "/" + quote(self.key, safe="")
        if self.key is not None and self.place == "query":
            query["apiKey"] = self.key
        return f"{path}?{urlencode(query)}" if query else path

    def given_headers(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the headers of a request."""
        found = {**self.headers, **(more or {})}
        if self.key is not None and self.place == "header":
            found["Authorization"] = f"Bearer {self.key}"
        return found

    def post(self, message: Json, route: str = "/mcp", **headers: str) -> Answer:
        """Send a message to a route; return the whole answer."""
        return self.daemon.ask(
            message, self.target(route), "POST", self.given_headers(headers)
        )


def outcome(reply: JsonObject) -> JsonObject:
    """Return the result of a response, or ``{"error": …}``."""
    result: JsonObject = reply.get("result", {"error": reply.get("error")})
    return result


def error_of(result: JsonObject) -> JsonObject:
    """Return the error object of a refused call; it is empty for another call.

    The oldest revisions have it in the text only, and a protocol error in its data. A
    task that still works waits for a person.
    """
    found: JsonObject
    if result.get("status") == "working":
        found = {"code": "approval_pending"}
    elif "error" in result:
        found = result["error"].get("data") or {}
    elif "structuredContent" in result:
        found = result["structuredContent"].get("error", {})
    elif result.get("isError"):
        found = loads(result["content"][0]["text"].encode())
    else:
        found = {}
    return found


# -- the ways -------------------------------------------------------------------------


def direct(caller: Caller, tool: str, arguments: JsonObject) -> JsonObject:
    """Call without a session, in the legacy era."""
    return outcome(caller.post(call(tool, arguments)).reply())


def direct_on_sse(caller: Caller, tool: str, arguments: JsonObject) -> JsonObject:
    """Call without a session, on the path of HTTP+SSE."""
    return outcome(caller.post(call(tool, arguments), "/sse").reply())


def modern_call(caller: Caller, tool: str, arguments: JsonObject) -> JsonObject:
    """Call in the modern era."""
    return outcome(send_modern(caller, call(tool, arguments)))


def send_modern(caller: Caller, message: JsonObject) -> JsonObject:
    """Send a request in the envelope of the modern era; return the response."""
    whole = modern(message, clientCapabilities=caller.capabilities)
    routing = {name: str(value) for name, value in modern_headers(whole).items()}
    return caller.post(whole, **routing).reply(message["id"])


def as_task(caller: Caller, tool: str, arguments: JsonObject) -> JsonObject:
    """Call as a client that accepts tasks; wait for the task if there is one."""
    able = caller.with_(capabilities={**caller.capabilities, **TASKS})
    result = outcome(send_modern(able, call(tool, arguments)))
    if result.get("resultType") != "task":
        return result
    asking = request("tasks/get", {"taskId": result["taskId"]})
    for _ in range(TASK_STEPS):
        found = outcome(send_modern(able, asking))
        if found.get("status") != "working":
            ended: JsonObject = found.get("result", found)
            return ended
        caller.daemon.reactor.advance(1)
    return found


@frozen
class Session:
    """A session of Streamable HTTP."""

    caller: Caller
    version: str
    id: str

    @classmethod
    def open(cls, caller: Caller, version: str = "2025-11-25") -> Session:
        """Initialize a session."""
        opened = caller.post(initialize(version, capabilities=caller.capabilities))
        if "mcp-session-id" not in opened.headers:
            raise AssertionError(f"no session: {opened.status} {opened.body!r:.600}")
        session = cls(caller, version, opened.headers["mcp-session-id"])
        session.post(notice("notifications/initialized"))
        return session

    def post(self, message: Json) -> Answer:
        """Send a message within the session; return the whole answer."""
        named = {"Mcp-Session-Id": self.id, "MCP-Protocol-Version": self.version}
        return self.caller.post(message, **named)


def _in_session(version: str):
    def in_session(caller: Caller, tool: str, arguments: JsonObject) -> JsonObject:
        session = Session.open(caller, version)
        return outcome(session.post(call(tool, arguments)).reply())

    in_session.__name__ = f"session_{version}"
    return in_session


def in_batch(caller: Caller, tool: str, arguments: JsonObject) -> JsonObject:
    """Call as the second member of a batch."""
    session = Session.open(caller, "2025-03-26")
    batch = [request("ping", id=1), call(tool, arguments, id=2)]
    return outcome(session.post(batch).reply(2))


def on_stream(caller: Caller, tool: str, arguments: JsonObject) -> JsonObject:
    """Call over HTTP+SSE."""
    wire = caller.daemon.connect()
    accept = caller.given_headers({"Accept": "text/event-stream"})
    stream = wire.send("GET", caller.target("/sse"), accept)
    stream.wait_for_event(0)
    endpoints = [data for kind, data in stream.events() if kind == "endpoint"]
    if not endpoints:
        wire.hang_up()
        return {"error": {"code": stream.status, "message": stream.body.decode()}}
    bare = Caller(daemon=caller.daemon, key=None)
    for number, message in enumerate(
        (
            initialize("2024-11-05", id=1, capabilities=caller.capabilities),
            call(tool, arguments, id=2),
        ),
        1,
    ):
        bare.daemon.ask(message, endpoints[0])
        stream.wait_for_event(number)
    found = outcome(stream.reply(2))
    wire.hang_up()
    return found


def key_as_session(caller: Caller, tool: str, arguments: JsonObject) -> JsonObject:
    """Post to ``/messages`` with the key in place of a session."""
    query = {**caller.query, "sessionId": caller.key or ""}
    plain = caller.with_(key=None, path="", query=query)
    return outcome(plain.post(call(tool, arguments), "/messages").reply())


WAYS = {
    "direct": direct,
    "direct on /sse": direct_on_sse,
    "modern": modern_call,
    "task": as_task,
    **{
        f"session {version}": _in_session(version)
        for version in ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
    },
    "batch": in_batch,
    "HTTP+SSE": on_stream,
    "key as session": key_as_session,
}
