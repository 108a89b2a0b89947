"""The bodies of replies: whole or as events, within limits."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss

from .pressure import Pressure
from .sse import EventParser, ServerEvent

MAX_BODY_BYTES = 16 << 20
"""Maximum size of a reply that is one JSON text. A daemon's message has 10 MiB."""

SILENCE_SECONDS = 90.0
"""A stream on which nothing arrives for so long counts as broken.

The daemon writes a comment every 15 seconds. A firewall that drops an idle connection
tells neither side."""

DRAIN_SECONDS = 2.0
"""How long the end of a reply may take after its last event."""


class BodyTooLarge(Exception):
    """The reply is larger than `MAX_BODY_BYTES`."""


class StreamSilent(Exception):
    """Nothing arrived for `SILENCE_SECONDS`."""


class _Reading(Protocol):
    """Reads one reply; the base of both forms.

    Cancelling `ended` closes the connection.
    """

    def __init__(self, pressure: Pressure) -> None:
        self._pressure = pressure
        self._over = False

    def connectionMade(self) -> None:
        self._pressure.add(self.transport)  # type: ignore[arg-type]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._pressure.remove(self.transport)  # type: ignore[arg-type]
        self._stop_timer()
        if not self._over:
            self._over = True
            # Without a length the body ends with the connection. Whether it is
            # complete is then seen when it is decoded.
            if reason.check(ResponseDone, PotentialDataLoss):
                self._complete()
            else:
                self._broken(reason)

    def _complete(self) -> None:
        """The body is whole."""

    def _broken(self, reason: Failure) -> None:
        """The body is cut."""

    def _stop_timer(self) -> None:
        """Stop what measures time."""

    def _close(self, *_: object) -> None:
        self._over = True
        if self.transport is not None:
            self._pressure.remove(self.transport)  # type: ignore[arg-type]
            self.transport.loseConnection()


class WholeBody(_Reading):
    """Collects a body.

    :ivar whole: fires with it. Fails with `BodyTooLarge`, or when it is cut.
    """

    def __init__(self, pressure: Pressure, limit: int = MAX_BODY_BYTES) -> None:
        super().__init__(pressure)
        self._limit = limit
        self._body = bytearray()
        self.whole: Deferred[bytes] = Deferred(self._close)

    def dataReceived(self, data: bytes) -> None:
        """Keep the bytes, up to the limit."""
        if self._over:
            return
        self._body += data
        if len(self._body) > self._limit:
            self._body.clear()
            self._close()
            self.whole.errback(BodyTooLarge())

    def _complete(self) -> None:
        self.whole.callback(bytes(self._body))

    def _broken(self, reason: Failure) -> None:
        self.whole.errback(reason)


class EventBody(_Reading):
    """Reads a stream of events.

    :param take: called with each event. What it raises closes the stream, and `ended`
        fails with it.
    :param clock: measures the silence.
    :ivar ended: fires at an orderly end. Fails when the stream is cut, exceeds a limit,
        or is silent for too long.
    """

    def __init__(
        self,
        pressure: Pressure,
        clock: IReactorTime,
        parser: EventParser,
        take: Callable[[ServerEvent], object],
    ) -> None:
        super().__init__(pressure)
        self._clock, self._parser, self._take = clock, parser, take
        self._timer: IDelayedCall | None = None
        self.ended: Deferred[None] = Deferred(self._close)

    def connectionMade(self) -> None:
        """Begin to measure the silence."""
        super().connectionMade()
        self._timer = self._clock.callLater(SILENCE_SECONDS, self._silent)

    def dataReceived(self, data: bytes) -> None:
        """Parse the bytes and pass the events on."""
        if self._over:
            return
        if self._timer is not None and self._timer.active():
            self._timer.reset(SILENCE_SECONDS)
        try:
            for event in self._parser.feed(data):
                self._take(event)
                if self._is_over():
                    return
        except Exception:
            self._fail(Failure())

    def finish(self) -> None:
        """Stop reading: everything that was expected has arrived.

        The connection is not closed at once: the end of the reply usually follows, and
        then it can be used for the next request.
        """
        if self._over:
            return
        self._over = True
        self._stop_timer()
        self._timer = self._clock.callLater(DRAIN_SECONDS, self._close)
        self.ended.callback(None)

    def _is_over(self) -> bool:
        return self._over

    def _silent(self) -> None:
        if self._pressure.high:
            # Not silent, but paused.
            self._timer = self._clock.callLater(SILENCE_SECONDS, self._silent)
        elif not self._over:
            self._fail(Failure(StreamSilent()))

    def _fail(self, failure: Failure) -> None:
        self._close()
        self.ended.errback(failure)

    def _close(self, *_: object) -> None:
        self._stop_timer()
        super()._close()

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _complete(self) -> None:
        self.ended.callback(None)

    def _broken(self, reason: Failure) -> None:
        self.ended.errback(reason)
