"""A TCP proxy on loopback that injects faults.

It handles bytes, not HTTP. Every fault is deterministic: it happens at a
byte or when the test says so, never after some time.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from attrs import frozen
from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from .upstream import Waiters


class Fault(Enum):
    """What goes wrong.

    :cvar NONE: nothing.
    :cvar HANG: the connection is accepted and nothing is ever answered.
    :cvar RESET: a reset, as soon as the request's bytes are there.
    :cvar CUT: an orderly close after `after` bytes of the reply.
    :cvar RESET_REPLY: a reset after `after` bytes of the reply.
    :cvar HALF_CLOSE: our side of the stream ends after `after` bytes of the reply.
    :cvar DRIP: after `after` bytes, one byte for each call of `FaultProxy.drip`.
    :cvar DELAY: the whole reply waits for `FaultProxy.drip_all`.
    :cvar RESET_REUSE: the first request passes; the next on a connection is reset.
    """

    NONE = "none"
    HANG = "hang"
    RESET = "reset"
    CUT = "cut"
    RESET_REPLY = "reset reply"
    HALF_CLOSE = "half close"
    DRIP = "drip"
    DELAY = "delay"
    RESET_REUSE = "reset reuse"


@frozen
class Plan:
    """A fault and the byte of the reply at which it happens."""

    fault: Fault
    after: int = 0


class FaultProxy:
    """Passes connections on to a port of this machine, with a fault in between."""

    def __init__(self, target: int, plan: Plan | None = None) -> None:
        self.plan = plan or Plan(Fault.NONE)
        self.target = target
        self.accepted = Waiters()
        self.received = Waiters()
        self.closed = Waiters()
        self.passed = 0
        self._open: list[_Front] = []

    def listen(self, reactor: Any) -> None:
        """Listen on a free port of the loopback interface."""
        self.reactor = reactor
        factory = Factory.forProtocol(_Front)
        factory.proxy = self  # type: ignore[attr-defined]
        self._port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.port = self._port.getHost().port
        self.url = f"http://127.0.0.1:{self.port}"

    async def refuse(self) -> None:
        """Stop listening: from now on connections are refused."""
        await maybeDeferred(self._port.stopListening)

    async def close(self) -> None:
        """Stop listening, close what is open, and wait for it."""
        await maybeDeferred(self._port.stopListening)
        for front in list(self._open):
            front.transport.abortConnection()
        await self.closed.reach(self.accepted.count)

    @property
    def drip_started(self) -> bool:
        """Whether bytes of a reply are held."""
        return any(front.held for front in self._open)

    def drip(self) -> None:
        """Let one more byte of every held reply through."""
        for front in self._open:
            front.let_through(1)

    def drip_all(self) -> None:
        """Let all of every held reply through."""
        for front in self._open:
            front.let_through(len(front.held))

    def close_idle(self) -> None:
        """Close every connection in good order, as an idle timeout would."""
        for front in list(self._open):
            front.transport.loseConnection()


class _Front(Protocol):
    """The side of the proxy that the client sees."""

    factory: Any
    transport: Any

    def connectionMade(self) -> None:
        self.proxy: FaultProxy = self.factory.proxy
        self.held = b""
        self._requests = 0
        self._sent = 0
        self._waiting = b""
        self._back: Any = None
        self._lost = False
        self.proxy._open.append(self)
        self.proxy.accepted.count_one()
        endpoint = TCP4ClientEndpoint(
            self.proxy.reactor, "127.0.0.1", self.proxy.target
        )
        connectProtocol(endpoint, _Back(self)).addCallbacks(
            self._connected, lambda _: self.transport.abortConnection()
        )

    def _connected(self, back: _Back) -> None:
        self._back = back
        if self._lost:
            back.transport.abortConnection()
        elif self._waiting:
            back.transport.write(self._waiting)

    def dataReceived(self, data: bytes) -> None:
        # One write of the client arrives as one read: good enough to count requests.
        self._requests += 1
        self.proxy.received.count_one()
        fault = self.proxy.plan.fault
        reused = fault is Fault.RESET_REUSE and self._requests > 1
        if fault is Fault.RESET or reused:
            self.transport.abortConnection()
        elif fault is not Fault.HANG:
            self.proxy.passed += 1
            if self._back is None:
                self._waiting += data
            else:
                self._back.transport.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._lost = True
        self.proxy._open.remove(self)
        if self._back is not None:
            self._back.transport.abortConnection()
        self.proxy.closed.count_one()

    def answer(self, data: bytes) -> None:
        """Bytes of the reply came from the target."""
        plan = self.proxy.plan
        if plan.fault is Fault.DELAY:
            self.held += data
            return
        if plan.fault in {Fault.NONE, Fault.RESET_REUSE}:
            self.transport.write(data)
            return
        room = max(0, plan.after - self._sent)
        self._sent += len(data[:room])
        self.transport.write(data[:room])
        if len(data) <= room:
            return
        if plan.fault is Fault.CUT:
            self.transport.loseConnection()
        elif plan.fault is Fault.RESET_REPLY:
            self.transport.abortConnection()
        elif plan.fault is Fault.HALF_CLOSE:
            self.transport.loseWriteConnection()
        else:
            self.held += data[room:]

    def let_through(self, count: int) -> None:
        """Pass `count` of the held bytes on."""
        self.transport.write(self.held[:count])
        self.held = self.held[count:]


class _Back(Protocol):
    """The side of the proxy that the target sees."""

    transport: Any

    def __init__(self, front: _Front) -> None:
        self._front = front

    def dataReceived(self, data: bytes) -> None:
        if not self._front._lost:
            self._front.answer(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self._front._lost and not self._front.held:
            self._front.transport.loseConnection()
