"""Serves a client when the settings are unusable: everything is answered here."""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from ...protocol.wire.jsonrpc import Batch, MalformedMessage, Request, Response, decode
from ...transports.stdio_lines import ILineConsumer
from ..problems.problem import Problem
from .client import LocalClient
from .stand_in import StandIn, acknowledgment


@implementer(ILineConsumer)
@define(eq=False, kw_only=True)
class LocalServer:
    """Answers each request with what is wrong with the settings."""

    client: LocalClient
    problem: Problem
    stand_in: StandIn = field(factory=StandIn)

    def received(self, line: bytes) -> None:
        """Answer one line."""
        try:
            body = decode(line)
        except MalformedMessage as malformed:
            self.client.write(Response(malformed.id, error=malformed.error).encode())
            return
        for member in body.members if isinstance(body, Batch) else [body]:
            if not isinstance(member, Request):
                continue
            if member.method == "subscriptions/listen":
                self.client.write(acknowledgment(member))
            else:
                self.client.write(self.stand_in.answer(member, self.problem))

    def ended(self) -> Deferred[None]:
        """Finish: there is nothing to wait for."""
        return succeed(None)

    def pressed(self, high: bool) -> None:
        """Do nothing: there is no other side to pause."""
