"""The body of a request, which knows whether any of it was sent."""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IConsumer
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer


@implementer(IBodyProducer)
@define(eq=False)
class Payload:
    """The body of a request. It records that it was handed to the connection.

    Each write to Instantly and each message of a relay has one, possibly empty.

    :ivar length: in bytes, for the header.
    :ivar handed: the request may have reached the server. While it is false, nothing
        was sent.
    """

    _body: bytes
    length: int = field(init=False)
    handed: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.length = len(self._body)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        """Write everything at once: request bodies are small."""
        self.handed = True
        if self._body:
            consumer.write(self._body)
        return succeed(None)

    def pauseProducing(self) -> None:
        """Do nothing: everything is written at once."""

    def resumeProducing(self) -> None:
        """Do nothing: everything is written at once."""

    def stopProducing(self) -> None:
        """Do nothing: everything is written at once."""
