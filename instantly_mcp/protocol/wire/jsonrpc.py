"""JSON-RPC 2.0 as MCP restricts it: decode one body, encode one answer.

It knows messages and ids, and nothing of eras, methods or HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

from ..._json import Encoded, Json, JsonObject, dumps, holds_more, loads, repeats_keys
from .errors import ProtocolError, invalid_params, invalid_request, parse_error

Id: TypeAlias = str | int

NO_PARAMS: JsonObject = {}

MAX_VALUES = 100_000
"""Values in one body. The largest call, a thousand leads with twenty variables each,
has fewer than 70,000; decoding and checking so many takes about 50 ms."""

MAX_BATCH = 100
"""Messages in one batch."""


@frozen
class Request:
    """A call that will be answered."""

    id: Id
    method: str
    params: JsonObject = NO_PARAMS


@frozen
class Notification:
    """A message that is never answered."""

    method: str
    params: JsonObject = NO_PARAMS


@frozen
class Reply:
    """The client's answer to a request of ours (legacy eras)."""

    id: Id
    result: Json = None
    error: JsonObject | None = None


@frozen
class Broken:
    """A member of a batch that is no message; it earns an error in the answer."""

    id: Id | None
    error: ProtocolError


@frozen
class Batch:
    """Several messages in one body (2025-03-26 only)."""

    members: Sequence[Request | Notification | Reply | Broken]


Message: TypeAlias = Request | Notification | Reply
Body: TypeAlias = Message | Batch


@frozen
class Response:
    """Our answer to a `Request`: a result or an error, never both.

    :param id: ``None`` only when the request's id could not be read.
    """

    id: Id | None
    result: JsonObject | Encoded | None = None
    error: ProtocolError | None = None

    @property
    def status(self) -> int:
        """The HTTP status of this answer when it is a body of its own."""
        return 200 if self.error is None else self.error.status

    def as_object(self) -> JsonObject:
        """Return the JSON-RPC response object."""
        if self.error is None:
            return {"jsonrpc": "2.0", "id": self.id, "result": self.result}
        body: dict[str, Json] = {"jsonrpc": "2.0"}
        if self.id is not None:
            # MCP forbids a null id: one that could not be read is left out.
            body["id"] = self.id
        body["error"] = self.error.as_object()
        return body

    def encode(self) -> bytes:
        """Return the response as JSON bytes."""
        return dumps(self.as_object())


def notification(method: str, params: JsonObject) -> JsonObject:
    """Return a notification object of ours."""
    return {"jsonrpc": "2.0", "method": method, "params": params}


def decode(body: bytes) -> Body:
    """Read one HTTP body.

    :raises MalformedMessage: -32700 for what is no JSON, -32600 for JSON that is no
        message, holds too much or names a key twice, -32602 for params that are no
        object; with the id if it was readable.
    """
    if holds_more(body, MAX_VALUES):
        why = f"a body holds at most {MAX_VALUES:,} values"
        raise MalformedMessage(None, invalid_request(why))
    try:
        value = loads(body)
    except ValueError as error:
        raise MalformedMessage(None, parse_error("the body is not JSON")) from error
    _check_keys(body, value)
    if isinstance(value, list):
        return _batch(value)
    return _message(value)


def _check_keys(body: bytes, value: Json) -> None:
    try:
        repeats = repeats_keys(body, value)
    except ValueError as error:
        raise MalformedMessage(None, parse_error("it is nested too deeply")) from error
    if repeats:
        why = "an object of the body names a key twice"
        raise MalformedMessage(None, invalid_request(why))


class MalformedMessage(Exception):
    """What was received is no message. Carries the error and the id, if readable."""

    def __init__(self, id: Id | None, error: ProtocolError) -> None:
        super().__init__(str(error))
        self.id = id
        self.error = error


def peek_id(body: bytes) -> Id | None:
    """Return the id of a request whose body is refused unread, if it is readable."""
    try:
        value = loads(body)
        if repeats_keys(body, value):
            return None
    except ValueError:
        return None
    return _readable_id(value.get("id")) if isinstance(value, dict) else None


def _batch(values: list[Json]) -> Batch:
    if not values:
        raise MalformedMessage(None, invalid_request("an empty batch"))
    if len(values) > MAX_BATCH:
        why = f"a batch holds at most {MAX_BATCH} messages"
        raise MalformedMessage(None, invalid_request(why))
    members: list[Message | Broken] = []
    for value in values:
        try:
            members.append(_message(value))
        except MalformedMessage as malformed:
            members.append(Broken(malformed.id, malformed.error))
    return Batch(members)


def _message(value: Json) -> Message:
    if not isinstance(value, dict):
        raise MalformedMessage(None, invalid_request("a message is a JSON object"))
    id = value.get("id")
    if value.get("jsonrpc") != "2.0":
        raise _malformed(id, 'the member "jsonrpc" must be "2.0"')
    method = value.get("method")
    if method is None and "method" not in value:
        return _reply(value, id)
    if not isinstance(method, str):
        raise _malformed(id, "the method must be a string")
    params = value.get("params", NO_PARAMS)
    if "id" not in value:
        return Notification(method, params if isinstance(params, dict) else NO_PARAMS)
    readable = _readable_id(id)
    if readable is None:
        raise _malformed(None, "the id must be a string or an integer")
    if not isinstance(params, dict):
        error = invalid_params("params must be an object", status=400)
        raise MalformedMessage(readable, error)
    return Request(readable, method, params)


def _reply(value: Mapping[str, Json], id: Json) -> Reply:
    readable = _readable_id(id)
    if readable is None or ("result" in value) == ("error" in value):
        raise _malformed(id, "neither a request nor a notification nor a response")
    error = value.get("error")
    if "error" in value and not isinstance(error, dict):
        raise _malformed(id, "the error of a response must be an object")
    return Reply(readable, value.get("result"), error)


def _malformed(id: Json, why: str) -> MalformedMessage:
    return MalformedMessage(_readable_id(id), invalid_request(why))


def _readable_id(id: Json) -> Id | None:
    """MCP ids are strings and integers; JSON's true is a Python int, so say no."""
    if isinstance(id, str) or (isinstance(id, int) and not isinstance(id, bool)):
        return id
    return None
