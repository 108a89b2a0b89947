"""Clients that can be asked: by a session, by HTTP+SSE, by rounds, and by a task.

Each function calls a tool and gives one answer to each question of the server. ``None``
as the answer stands for a client that declares elicitation and never shows it.
"""

from __future__ import annotations

from instantly_mcp._json_codec import Json, JsonObject
from tests.support.messages import call, initialize, request

from .memory_daemon import Answer
from .ways import TASK_STEPS, TASKS, Caller, Session, outcome, send_modern

MOST_SECONDS = 100

ASKABLE: JsonObject = {"elicitation": {}}

ACCEPT: JsonObject = {"action": "accept", "content": {"confirm": True}}
DECLINE: JsonObject = {"action": "decline"}
CANCEL: JsonObject = {"action": "cancel"}


def by_rounds(
    caller: Caller, tool: str, arguments: JsonObject, answer: Json
) -> JsonObject:
    """Call in the modern era, and answer by calling again."""
    return _rounds(caller.with_(capabilities=ASKABLE), call(tool, arguments), answer)


def _rounds(able: Caller, message: JsonObject, answer: Json) -> JsonObject:
    result = outcome(send_modern(able, message))
    while result.get("resultType") == "input_required" and answer is not None:
        more = {
            "requestState": result["requestState"],
            "inputResponses": dict.fromkeys(result["inputRequests"], answer),
        }
        retry = {**message, "params": {**message["params"], **more}}
        result = outcome(send_modern(able, retry))
    return result


def by_task(
    caller: Caller, tool: str, arguments: JsonObject, answer: Json
) -> JsonObject:
    """Call as a client of tasks, and answer with ``tasks/update``.

    A tool that never becomes a task asks such a client by rounds.
    """
    able = caller.with_(capabilities={**ASKABLE, **TASKS})
    result = _rounds(able, call(tool, arguments), answer)
    if result.get("resultType") != "task":
        return result
    id = result["taskId"]
    for _ in range(TASK_STEPS):
        found = outcome(send_modern(able, request("tasks/get", {"taskId": id})))
        if found["status"] == "input_required" and answer is not None:
            responses = dict.fromkeys(found["inputRequests"], answer)
            params = {"taskId": id, "inputResponses": responses}
            send_modern(able, request("tasks/update", params))
        elif found["status"] not in ("working", "input_required"):
            ended: JsonObject = found.get("result", found)
            return ended
        caller.daemon.reactor.advance(1)
    return found


def in_session(
    caller: Caller, tool: str, arguments: JsonObject, answer: Json
) -> JsonObject:
    """Call in a session of Streamable HTTP, and answer with a POST of its own."""
    session = Session.open(caller.with_(capabilities=ASKABLE))
    named = {
        "Mcp-Session-Id": session.id,
        "MCP-Protocol-Version": session.version,
    }
    wire = caller.daemon.connect()
    asked = wire.send(
        "POST",
        caller.target("/mcp"),
        caller.given_headers(named),
        call(tool, arguments, id=7),
    )
    result = _conversation(asked, 7, answer, session.post)
    wire.hang_up()
    return result


def on_stream(
    caller: Caller, tool: str, arguments: JsonObject, answer: Json
) -> JsonObject:
    """Call over HTTP+SSE, and answer with a POST of its own."""
    wire = caller.daemon.connect()
    accept = caller.given_headers({"Accept": "text/event-stream"})
    stream = wire.send("GET", caller.target("/sse"), accept)
    stream.wait_for_event(0)
    (endpoint,) = (data for kind, data in stream.events() if kind == "endpoint")
    bare = Caller(daemon=caller.daemon, key=None)
    bare.daemon.ask(initialize("2024-11-05", id=1, capabilities=ASKABLE), endpoint)
    bare.daemon.ask(call(tool, arguments, id=7), endpoint)

    def post(message: Json) -> Answer:
        return bare.daemon.ask(message, endpoint)

    result = _conversation(stream, 7, answer, post)
    wire.hang_up()
    return result


def _conversation(stream: Answer, id: int, answer: Json, post) -> JsonObject:
    """Answer each question on a stream until the response to a request arrives."""
    answered: set[Json] = set()
    for _ in range(MOST_SECONDS):
        for message in stream.messages():
            if message.get("id") == id and "method" not in message:
                return outcome(message)
            question = message.get("method") == "elicitation/create"
            if question and message["id"] not in answered and answer is not None:
                answered.add(message["id"])
                reply = {"jsonrpc": "2.0", "id": message["id"], "result": answer}
                post(reply)
        stream.wire.daemon.reactor.advance(1)
    raise AssertionError("the call was not answered")


ASKED = {
    "rounds": by_rounds,
    "task": by_task,
    "session": in_session,
}
"""Clients that the server can ask. Revision 2024-11-05 has no elicitation."""
