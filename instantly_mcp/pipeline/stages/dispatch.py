"""Stage five: the first transport that accepts an exchange serves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from ..exchange import Exchange
from ..interfaces import IStage, ITransport
from ..replies.reply import Outcome


@implementer(IStage)
@frozen
class TransportDispatch:
    """Asks each transport in turn; the next stage answers what none accepts."""

    transports: Sequence[ITransport]
    name: str = "dispatch"

    def process(self, exchange: Exchange) -> Deferred[Outcome]:
        """Serve the exchange, or carry on with the note ``no-transport``."""
        for transport in self.transports:
            if transport.accepts(exchange):
                return cast("Deferred[Outcome]", transport.serve(exchange))
        return succeed(exchange.with_note("no-transport"))
