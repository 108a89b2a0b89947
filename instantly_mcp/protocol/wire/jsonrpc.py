"""JSON-RPC 2.0 as MCP restricts it: decodes message bodies, encodes responses.

MCP narrows JSON-RPC: an id is a string or an integer and never null, params are an
object, and only revision 2025-03-26 has batches. Nothing here depends on the era.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

from ..._json_codec import (
    Encoded,
    Json,
    JsonObject,
    dumps,
    holds_more,
    loads_cut,
    repeats_keys,
)
from .errors import ProtocolError, invalid_params, invalid_request, parse_error

Id: TypeAlias = str | int

NO_PARAMS: JsonObject = {}

MAX_JSON_VALUES = 100_000
"""Maximum number of JSON values in one body.

The largest legitimate call, one thousand records with twenty fields each, has fewer
than 70,000; decoding and checking 100,000 values takes about 50 ms."""

MAX_BATCH_MESSAGES = 100
"""Maximum number of messages in one batch."""


@frozen
class Request:
    """A message that expects a response."""

    id: Id
    method: str
    params: JsonObject = NO_PARAMS


@frozen
class Notification:
    """A message that expects no response."""

    method: str
    params: JsonObject = NO_PARAMS


@frozen
class ClientResponse:
    """A client's response to a request that the server sent (legacy era)."""

    id: Id
    result: Json = None
    error: JsonObject | None = None


@frozen
class InvalidMember:
    """An invalid member of a batch; the batch response holds its error."""

    id: Id | None
    error: ProtocolError


@frozen
class Batch:
    """Several messages in one body (2025-03-26 only)."""

    members: Sequence[Request | Notification | ClientResponse | InvalidMember]


Message: TypeAlias = Request | Notification | ClientResponse
Body: TypeAlias = Message | Batch


@frozen
class Response:
    """The server's response to a `Request`: a result or an error, never both.

    :param id: ``None`` only when the request's id could not be read.
    """

    id: Id | None
    result: JsonObject | Encoded | None = None
    error: ProtocolError | None = None

    @property
    def status(self) -> int:
        """The HTTP status for this response when it is the whole body."""
        return 200 if self.error is None else self.error.status

    def as_object(self) -> JsonObject:
        """Return the JSON-RPC response object."""
        if self.error is None:
            return {"jsonrpc": "2.0", "id": self.id, "result": self.result}
        body: dict[str, Json] = {"jsonrpc": "2.0"}
        if self.id is not None:
            # MCP forbids a null id, so an id that could not be read is left out.
            body["id"] = self.id
        body["error"] = self.error.as_object()
        return body

    def encode(self) -> bytes:
        """Return the response as JSON bytes."""
        return dumps(self.as_object())


def notification(method: str, params: JsonObject) -> JsonObject:
    """Return a notification object to send to the client."""
    return {"jsonrpc": "2.0", "method": method, "params": params}


def decode(body: bytes) -> Body:
    """Decode one HTTP body.

    :raises MalformedMessage: -32700 if the body is not JSON; -32600 if it is not a
        message, has more than `MAX_JSON_VALUES` values, or repeats a key in an object;
        -32602 if the params are not an object. It carries the id if that is readable.
    """
    if holds_more(body, MAX_JSON_VALUES):
        why = f"a body holds at most {MAX_JSON_VALUES:,} values"
        raise MalformedMessage(None, invalid_request(why))
    try:
        value = loads_cut(body)
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
        raise MalformedMessage(
            None, parse_error("the body is nested too deeply")
        ) from error
    if repeats:
        why = "an object in the body repeats a key"
        raise MalformedMessage(None, invalid_request(why))


class MalformedMessage(Exception):
    """A body is not a valid message. Carries the error and the id, if readable."""

    def __init__(self, id: Id | None, error: ProtocolError) -> None:
        super().__init__(str(error))
        self.id = id
        self.error = error


def peek_id(body: bytes) -> Id | None:
    """Return the id from a body that is refused without being decoded, if readable."""
    try:
        value = loads_cut(body)
        if repeats_keys(body, value):
            return None
    except ValueError:
        return None
    return _readable_id(value.get("id")) if isinstance(value, dict) else None


def _batch(values: list[Json]) -> Batch:
    if not values:
        raise MalformedMessage(None, invalid_request("an empty batch"))
    if len(values) > MAX_BATCH_MESSAGES:
        why = f"a batch holds at most {MAX_BATCH_MESSAGES} messages"
        raise MalformedMessage(None, invalid_request(why))
    members: list[Message | InvalidMember] = []
    for value in values:
        try:
            members.append(_message(value))
        except MalformedMessage as malformed:
            members.append(InvalidMember(malformed.id, malformed.error))
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
    params = value.get("params")
    if params is None:
        # Some clients write null for what they do not say.
        params = NO_PARAMS
    if "id" not in value:
        return Notification(method, params if isinstance(params, dict) else NO_PARAMS)
    readable = _readable_id(id)
    if readable is None:
        raise _malformed(None, "the id must be a string or an integer")
    if not isinstance(params, dict):
        error = invalid_params("params must be an object", status=400)
        raise MalformedMessage(readable, error)
    return Request(readable, method, params)


def _reply(value: Mapping[str, Json], id: Json) -> ClientResponse:
    readable = _readable_id(id)
    if readable is None or ("result" in value) == ("error" in value):
        raise _malformed(id, "neither a request nor a notification nor a response")
    error = value.get("error")
    if "error" in value and not isinstance(error, dict):
        raise _malformed(id, "the error of a response must be an object")
    return ClientResponse(readable, value.get("result"), error)


def _malformed(id: Json, why: str) -> MalformedMessage:
    return MalformedMessage(_readable_id(id), invalid_request(why))


def _readable_id(id: Json) -> Id | None:
    """Return the id if it is a string or an integer. ``True`` is an int in Python."""
    if isinstance(id, str) or (isinstance(id, int) and not isinstance(id, bool)):
        return id
    return None
