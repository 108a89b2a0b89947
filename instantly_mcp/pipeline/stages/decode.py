"""Stage four: decodes the body into a message and finds its protocol revision."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from ..._noop import noop
from ...protocol.calls.session import SessionStatus
from ...protocol.wire.classify import LegacyMessage, classify
from ...protocol.wire.errors import ProtocolError, invalid_request
from ...protocol.wire.jsonrpc import (
    Batch,
    Body,
    InvalidMember,
    MalformedMessage,
    Response,
    decode,
)
from ...protocol.wire.versions import (
    ALL_REVISIONS,
    ASSUMED_LEGACY,
    V2026_07_28,
    VERSION_HEADER,
    Revision,
)
from ..exchange import Exchange, Route
from ..interfaces import IStage
from ..replies.reply import Outcome, refuse, response_answer

Charge: TypeAlias = "Callable[[Exchange, int], ProtocolError | None]"
"""Counts the messages of a batch; returns an error if the batch may not pass."""

_NAMING = frozenset({"GET", "DELETE"})


@implementer(IStage)
@frozen
class Decode:
    """Decodes the JSON-RPC message of a POST. For other methods checks the revision.

    :param charge: counts the messages of a batch against the admission limit.
    """

    charge: Charge = noop
    name: str = "decode"

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Fill `message` and `revision`, or refuse with 400, or a batch with 429."""
        if exchange.method != "POST":
            return succeed(_without_body(exchange))
        try:
            body = decode(exchange.body)
        except MalformedMessage as malformed:
            if _has_stream(exchange) and malformed.id is not None:
                # Clients of HTTP+SSE read errors on their stream only.
                broken = InvalidMember(malformed.id, malformed.error)
                return succeed(exchange.with_facts(message=broken))
            response = Response(malformed.id, error=malformed.error)
            return succeed(response_answer(response))
        try:
            revision = _revision(exchange, body)
        except ProtocolError as error:
            return succeed(refuse(exchange, error))
        if isinstance(body, Batch):
            refused = self.charge(exchange, len(body.members))
            if refused is not None:
                return succeed(refuse(exchange, refused))
        return succeed(exchange.with_facts(message=body, revision=revision))


def _without_body(exchange: Exchange) -> Outcome:
    """Carry on, unless the request names an unknown revision."""
    stated = exchange.headers.get(VERSION_HEADER)
    if (
        stated is None
        or exchange.method not in _NAMING
        or stated.strip() in ALL_REVISIONS
    ):
        return exchange
    known = ", ".join(ALL_REVISIONS)
    return refuse(exchange, invalid_request(f"{VERSION_HEADER} must be one of {known}"))


def _has_stream(exchange: Exchange) -> bool:
    """Say whether the exchange belongs to an HTTP+SSE stream."""
    return exchange.route is Route.MESSAGES and exchange.session is not None


def _revision(exchange: Exchange, body: Body) -> Revision:
    session = exchange.session
    if session is not None and _has_stream(exchange):
        # HTTP+SSE has sessions only. A client that first tries the modern era there
        # must get the "method not found" error on its stream.
        revision = session.revision
    else:
        era = classify(body, exchange.headers.get(VERSION_HEADER))
        if not isinstance(era, LegacyMessage):
            return V2026_07_28
        stated = era.header or ASSUMED_LEGACY
        # The negotiated revision counts; old clients send others in the header.
        revision = stated if session is None else session.revision
    # A batch for an ended session passes: a later stage answers that the session has
    # ended, which makes the client open a new one.
    over = exchange.lookup.status is SessionStatus.ENDED
    takes_batches = over or (session is not None and revision.batches)
    if isinstance(body, Batch) and not takes_batches:
        raise invalid_request("batches exist only in a session of 2025-03-26")
    return revision
