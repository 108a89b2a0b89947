"""Stage four: the body becomes one message, and the message shows its era."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from ..protocol.calls.session import Standing
from ..protocol.wire.classify import Legacy, classify
from ..protocol.wire.errors import ProtocolError, invalid_request
from ..protocol.wire.jsonrpc import (
    Batch,
    Body,
    Broken,
    MalformedMessage,
    Response,
    decode,
)
from ..protocol.wire.versions import (
    ALL,
    ASSUMED_LEGACY,
    V2026_07_28,
    VERSION_HEADER,
    Revision,
)
from .exchange import Exchange, Route
from .interfaces import IStage
from .reply import Outcome, refuse, response_answer

Charge: TypeAlias = "Callable[[Exchange, int], ProtocolError | None]"
"""Counts a request that holds so many messages; says why it may not pass."""

_NAMING = frozenset({"GET", "DELETE"})


def _free(exchange: Exchange, messages: int) -> ProtocolError | None:
    """Count nothing."""
    return None


@implementer(IStage)
@frozen
class Decode:
    """Reads the JSON-RPC message of a POST; other methods name a revision alone.

    :param charge: counts the messages of a batch against the admission limit.
    """

    charge: Charge = _free
    name: str = "decode"

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Fill `message` and `revision`, or refuse a body that is no message."""
        if exchange.method != "POST":
            return succeed(_without_body(exchange))
        try:
            body = decode(exchange.body)
        except MalformedMessage as malformed:
            if _has_stream(exchange) and malformed.id is not None:
                # Its client reads errors on its stream only.
                broken = Broken(malformed.id, malformed.error)
                return succeed(exchange.knowing(message=broken))
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
        return succeed(exchange.knowing(message=body, revision=revision))


def _without_body(exchange: Exchange) -> Outcome:
    """Carry on, unless the request names a revision that does not exist."""
    stated = exchange.headers.get(VERSION_HEADER)
    if stated is None or exchange.method not in _NAMING or stated.strip() in ALL:
        return exchange
    known = ", ".join(ALL)
    return refuse(exchange, invalid_request(f"{VERSION_HEADER} is none of {known}"))


def _has_stream(exchange: Exchange) -> bool:
    """Say whether the exchange is posted for a stream of HTTP+SSE."""
    return exchange.route is Route.MESSAGES and exchange.session is not None


def _revision(exchange: Exchange, body: Body) -> Revision:
    session = exchange.session
    if session is not None and _has_stream(exchange):
        # HTTP+SSE knows sessions only. A client that first tries the stateless era
        # there has to hear on its stream that there is no such method.
        revision = session.revision
    else:
        era = classify(body, exchange.headers.get(VERSION_HEADER))
        if not isinstance(era, Legacy):
            return V2026_07_28
        stated = era.header or ASSUMED_LEGACY
        # What was negotiated counts, whatever an old client writes into the header.
        revision = stated if session is None else session.revision
    # A session that is over has to say so: only then does its client start anew.
    over = exchange.lookup.standing is Standing.ENDED
    takes_batches = over or (session is not None and revision.batches)
    if isinstance(body, Batch) and not takes_batches:
        raise invalid_request("batches exist only in a session of 2025-03-26")
    return revision
