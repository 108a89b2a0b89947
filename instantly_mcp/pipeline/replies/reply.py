"""What the pipeline ends with: a complete answer, or a stream of events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from attrs import field, frozen

from ..._json_codec import Json, dumps
from ...protocol.wire.errors import ProtocolError
from ...protocol.wire.jsonrpc import Id, Response, peek_id
from ..credential_errors import reason_in
from ..exchange import Exchange
from .channel import Channel

HeaderPairs: TypeAlias = Sequence[tuple[str, str]]

JSON_TYPE = ("Content-Type", "application/json")

UNAUTHORIZED_STATUS = 401
OTHER_REASON = "other"

MAX_PEEK_BYTES = 65536
"""Bodies above this size are refused without looking for their id."""


@frozen(kw_only=True)
class Answer:
    """A complete HTTP response.

    :param reason: why a key or a session was refused: a label for log and metrics.
    """

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: HeaderPairs = ()
    reason: str | None = None


@frozen(kw_only=True)
class EventStream:
    """A response in ``text/event-stream`` whose events arrive on a channel."""

    channel: Channel
    headers: HeaderPairs = ()


Reply: TypeAlias = Answer | EventStream
Outcome: TypeAlias = Exchange | Reply


def json_answer(status: int, value: Json, headers: HeaderPairs = ()) -> Answer:
    """Answer with any JSON value."""
    return Answer(status=status, body=dumps(value), headers=(JSON_TYPE, *headers))


def response_answer(response: Response, headers: HeaderPairs = ()) -> Answer:
    """Answer with a JSON-RPC response and the HTTP status that belongs to it."""
    reason = None
    if response.error is not None:
        headers = (*headers, *response.error.headers)
        reason = label_of_refusal(response.status, response.error.data)
    return Answer(
        status=response.status,
        body=response.encode(),
        headers=(JSON_TYPE, *headers),
        reason=reason,
    )


def label_of_refusal(status: int, data: Json) -> str | None:
    """Return the label for why a key or a session was refused; every 401 has one.

    :param data: the error's ``data``. Labels are few and constant.
    """
    return reason_in(data) or (OTHER_REASON if status == UNAUTHORIZED_STATUS else None)


def refuse(exchange: Exchange, error: ProtocolError) -> Answer:
    """Answer a request with an error, and with its id if that can be read."""
    return response_answer(Response(id_in(exchange.body), error=error))


def id_in(body: bytes) -> Id | None:
    """Return the id of the request in a body that is not decoded otherwise."""
    return peek_id(body) if len(body) <= MAX_PEEK_BYTES else None
