"""Checks what leaves the daemon against the JSON schema of its revision.

The schemas are not part of this repository, see ``reference``. Without them
nothing is checked, and the tests of ``test_wire`` are skipped with that reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import jsonschema_rs

from instantly_mcp._json_codec import Json, loads
from instantly_mcp.protocol.wire.versions import MODERN_REVISIONS

from . import skill_wire, task_wire
from .reference import MCP_SCHEMAS

SCHEMAS = MCP_SCHEMAS
AVAILABLE = SCHEMAS.is_dir()

RESULTS: Mapping[str, str] = {
    "initialize": "InitializeResult",
    "server/discover": "DiscoverResult",
    "ping": "EmptyResult",
    "logging/setLevel": "EmptyResult",
    "resources/subscribe": "EmptyResult",
    "resources/unsubscribe": "EmptyResult",
    "tools/list": "ListToolsResult",
    "tools/call": "CallToolResult",
    "resources/list": "ListResourcesResult",
    "resources/templates/list": "ListResourceTemplatesResult",
    "resources/read": "ReadResourceResult",
    "prompts/list": "ListPromptsResult",
    "prompts/get": "GetPromptResult",
    "completion/complete": "CompleteResult",
    "subscriptions/listen": "SubscriptionsListenResult",
}
"""The type of each method's result, by its name in the schemas."""

NOTIFICATIONS: Mapping[str, str] = {
    "notifications/progress": "ProgressNotification",
    "notifications/message": "LoggingMessageNotification",
    "notifications/cancelled": "CancelledNotification",
    "notifications/tools/list_changed": "ToolListChangedNotification",
    "notifications/prompts/list_changed": "PromptListChangedNotification",
    "notifications/resources/list_changed": "ResourceListChangedNotification",
    "notifications/resources/updated": "ResourceUpdatedNotification",
    "notifications/subscriptions/acknowledged": (
        "SubscriptionsAcknowledgedNotification"
    ),
}

REQUESTS: Mapping[str, str] = {
    "elicitation/create": "ElicitRequest",
    "sampling/createMessage": "CreateMessageRequest",
    "roots/list": "ListRootsRequest",
    "ping": "PingRequest",
}
"""What a server may ask of a client, in the legacy era only."""

UNREADABLE_ID_ALLOWED = frozenset({"2025-11-25", *MODERN_REVISIONS})
"""Where an error may go without an id. The older schemas have no form at all for an
error whose id could not be read; it is left out there too."""


class Unfit(AssertionError):
    """A message that its revision's schema does not allow."""


@cache
def _schema(revision: str) -> Mapping[str, Json]:
    path = SCHEMAS / f"{revision}.json"
    if not path.exists():
        raise Unfit(f"add the JSON schema of MCP {revision} as {path}")
    schema: Mapping[str, Json] = loads(path.read_bytes())
    return schema


def _kind(revision: str) -> str:
    return "definitions" if "definitions" in _schema(revision) else "$defs"


@cache
def _validator(revision: str, name: str) -> jsonschema_rs.Validator | None:
    """Compile one named type; ``None`` where the revision has no such type."""
    schema, kind = _schema(revision), _kind(revision)
    if name not in schema[kind]:
        return None
    whole = {
        "$schema": schema["$schema"],
        kind: schema[kind],
        "allOf": [{"$ref": f"#/{kind}/{name}"}],
    }
    if kind == "definitions":
        return jsonschema_rs.Draft7Validator(whole, validate_formats=False)
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=False)


def check(revision: str, name: str, value: Json) -> None:
    """Check a value against a named type of a revision.

    :raises Unfit: when it does not fit, or the revision has no such type.
    """
    if not AVAILABLE:
        return
    validator = _validator(revision, name)
    if validator is None:
        raise Unfit(f"{revision} has no type {name}")
    problems = [
        f"{'.'.join(map(str, error.instance_path)) or '(root)'}: {error.message[:300]}"
        for error in validator.iter_errors(value)
    ]
    if problems:
        raise Unfit(f"no {name} of {revision}: {'; '.join(problems)} in {value!r:.500}")


def check_message(revision: str, message: Json, method: str | None = None) -> None:
    """Check one outgoing message: its JSON-RPC members and its content.

    :param method: of the request, when the message is an answer to one.
    """
    if not isinstance(message, dict):
        raise Unfit(f"no single message: {message!r:.200}")
    framed = message
    if "error" in message and "id" not in message:
        framed = message if revision in UNREADABLE_ID_ALLOWED else {**message, "id": 0}
    check(revision, "JSONRPCMessage", framed)
    if "method" in message:
        if "id" in message:
            check_request(revision, message)
        else:
            check_notification(revision, message)
    elif "result" in message and method is not None:
        check_result(revision, method, message["result"])


def check_notification(revision: str, message: Mapping[str, Json]) -> None:
    """Check a notification against its own type."""
    if message["method"] == "notifications/tasks" and revision in MODERN_REVISIONS:
        _refuse(task_wire.notification_problem(message.get("params")), message)
        return
    name = NOTIFICATIONS.get(message["method"])
    if name is None:
        raise Unfit(f"unknown notification {message['method']}")
    check(revision, name, message)


def check_request(revision: str, message: Mapping[str, Json]) -> None:
    """Check a request of the server to its client."""
    name = REQUESTS.get(message["method"])
    if name is None or revision in MODERN_REVISIONS:
        raise Unfit(f"a request {message['method']} to a client of {revision}")
    check(revision, name, message)


def check_result(revision: str, method: str, result: Json) -> None:
    """Check a result against the type of its method and the rules of its era."""
    if revision in MODERN_REVISIONS and method in task_wire.METHODS:
        _refuse(task_wire.result_problem(method, result), result)
        return
    if method in skill_wire.METHODS:
        modern = revision in MODERN_REVISIONS
        _refuse(skill_wire.result_problem(method, result, modern=modern), result)
        for child in result.get("resources", ()):
            check(revision, "Resource", child)
        return
    name = RESULTS.get(method)
    if name is None:
        raise Unfit(f"unknown method {method} was answered")
    modern = revision in MODERN_REVISIONS
    if modern and method == "tools/call" and result.get("resultType") == "task":
        _refuse(task_wire.created_problem(result), result)
        return
    if modern and result.get("resultType") == "input_required":
        name = "InputRequiredResult"
    check(revision, name, result)
    if not modern:
        foreign = {"resultType", "ttlMs", "cacheScope"} & set(result)
        if foreign:
            raise Unfit(f"{sorted(foreign)} in a result of {revision}")
        if name == "EmptyResult" and result != {}:
            raise Unfit(f"{method} of {revision} answers exactly {{}}: {result!r}")


def _refuse(problem: str | None, value: Json) -> None:
    if problem is not None:
        raise Unfit(f"{problem} in {value!r:.500}")
