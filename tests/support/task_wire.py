"""Schemas of the tasks extension, which no schema file of a revision contains.

They follow the text of the extension: a flat task with exactly the payload of its
status.
"""

from __future__ import annotations

from collections.abc import Mapping

import jsonschema_rs

from instantly_mcp._json_codec import Json, JsonObject

STAMP: JsonObject = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$",
}

TASK: Mapping[str, JsonObject] = {
    "taskId": {"type": "string", "minLength": 22},
    "createdAt": STAMP,
    "lastUpdatedAt": STAMP,
    "ttlMs": {"type": ["integer", "null"], "exclusiveMinimum": 0},
    "pollIntervalMs": {"type": "integer", "exclusiveMinimum": 0},
    "statusMessage": {"type": "string"},
    "_meta": {"type": "object"},
}

REQUESTS: JsonObject = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {
        "type": "object",
        "properties": {
            "method": {
                "enum": [
                    "elicitation/create",
                    "sampling/createMessage",
                    "roots/list",
                ]
            },
            "params": {"type": "object"},
        },
        "required": ["method"],
    },
}

OUTCOME: JsonObject = {
    "type": "object",
    "properties": {
        "content": {"type": "array"},
        "resultType": {"const": "complete"},
    },
    "required": ["content", "resultType"],
}

FAILURE: JsonObject = {
    "type": "object",
    "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
    "required": ["code", "message"],
}


def _shape(
    status: Json, payload: Mapping[str, JsonObject], kind: str | None
) -> JsonObject:
    """Return the schema of a task, which allows no other members."""
    required = ["taskId", "status", "createdAt", "lastUpdatedAt", "ttlMs", *payload]
    properties = {**TASK, "status": status, **payload}
    if kind is not None:
        properties["resultType"] = {"const": kind}
        required.append("resultType")
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _detailed(kind: str | None) -> JsonObject:
    return {
        "oneOf": [
            _shape({"enum": ["working", "cancelled"]}, {}, kind),
            _shape({"const": "input_required"}, {"inputRequests": REQUESTS}, kind),
            _shape({"const": "completed"}, {"result": OUTCOME}, kind),
            _shape({"const": "failed"}, {"error": FAILURE}, kind),
        ]
    }


ACKNOWLEDGED: JsonObject = {
    "type": "object",
    "properties": {"resultType": {"const": "complete"}, "_meta": {"type": "object"}},
    "required": ["resultType"],
    "additionalProperties": False,
}


def _compiled(schema: JsonObject) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(dict(schema))


_CREATED = _compiled(_shape({"enum": ["working", "input_required"]}, {}, "task"))
_RESULTS = {
    "tasks/get": _compiled(_detailed("complete")),
    "tasks/update": _compiled(ACKNOWLEDGED),
    "tasks/cancel": _compiled(ACKNOWLEDGED),
}
_NOTIFIED = _compiled(_detailed(None))

METHODS = frozenset(_RESULTS)


def created_problem(result: Json) -> str | None:
    """Return the errors in the result that creates a task."""
    return _problem(_CREATED, result)


def result_problem(method: str, result: Json) -> str | None:
    """Return the errors in the result of a ``tasks/*`` method."""
    return _problem(_RESULTS[method], result)


def notification_problem(params: Json) -> str | None:
    """Return the errors in the params of ``notifications/tasks``."""
    return _problem(_NOTIFIED, params)


def _problem(validator: jsonschema_rs.Validator, value: Json) -> str | None:
    errors = [error.message[:300] for error in validator.iter_errors(value)]
    return "; ".join(errors) or None
