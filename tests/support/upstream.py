"""A scriptable HTTP service on loopback that stands in for Instantly.

It records requests and returns the answers that the test has set.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.http_headers import Headers
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from instantly_mcp._json_codec import Json, dumps


@frozen(kw_only=True)
class Seen:
    """One request that arrived."""

    method: str
    uri: str
    headers: Headers
    body: bytes


@frozen(kw_only=True)
class Scripted:
    """One answer. ``held`` answers wait for `ScriptedUpstream.release`."""

    status: int = 200
    body: bytes = b"{}"
    headers: Sequence[tuple[str, str]] = ()
    held: bool = False
    chunked: bool = False


def json(value: Json, status: int = 200, **headers: str) -> Scripted:
    """An answer in JSON; ``retry_after="3"`` becomes ``Retry-After: 3``."""
    pairs = [(name.replace("_", "-"), text) for name, text in headers.items()]
    return Scripted(status=status, body=dumps(value), headers=pairs)


class _Connections(WrappingFactory[ProtocolWrapper]):
    """Registers the open connections, to close them and wait for their end."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.opened = 0
        self.closed = Waiters()

    def registerProtocol(self, p: ProtocolWrapper) -> None:
        self.opened += 1
        super().registerProtocol(p)

    def unregisterProtocol(self, p: ProtocolWrapper) -> None:
        super().unregisterProtocol(p)
        self.closed.count_one()


class Waiters:
    """Counts events, and lets a test wait for a number of them."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[tuple[int, Deferred[None]]] = []

    def count_one(self) -> None:
        """One more."""
        self.count += 1
        due = [waiter for least, waiter in self._waiting if least <= self.count]
        self._waiting = [pair for pair in self._waiting if pair[0] > self.count]
        for waiter in due:
            waiter.callback(None)

    def reach(self, least: int) -> Deferred[None]:
        """Fire once there were `least` events."""
        if self.count >= least:
            return succeed(None)
        waiter: Deferred[None] = Deferred()
        self._waiting.append((least, waiter))
        return waiter


class ScriptedUpstream(Resource):
    """Answers every request with the next of `script`, or else with ``{}``."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.script: deque[Scripted] = deque()
        self.requests: list[Seen] = []
        self.arrived = Waiters()
        self.dropped = Waiters()
        self._held: list[tuple[Request, Scripted]] = []

    def listen(self, reactor: Any, tls: Any = None) -> None:
        """Listen on a free port of the loopback interface.

        :param tls: certificate options, for a service over TLS.
        """
        site = Site(self, reactor=reactor, parsePOSTFormSubmission=False)
        self.connections = _Connections(site)
        if tls is None:
            self._port = reactor.listenTCP(0, self.connections, interface="127.0.0.1")
        else:
            self._port = reactor.listenSSL(
                0, self.connections, tls, interface="127.0.0.1"
            )
        self.port = self._port.getHost().port
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.port}"

    async def close(self) -> None:
        """Stop listening, close what is open, and wait for it."""
        await maybeDeferred(self._port.stopListening)
        for protocol in list(self.connections.protocols):
            protocol.transport.abortConnection()
        await self.connections.closed.reach(self.connections.opened)

    def release(self) -> None:
        """Answer the requests that are held."""
        held, self._held = self._held, []
        for request, answer in held:
            _answer(request, answer)
            request.finish()

    def getChild(self, path: bytes, request: Request) -> Resource:
        return self

    def render(self, request: Request) -> int:
        request.notifyFinish().addErrback(lambda _: self.dropped.count_one())
        assert request.content is not None
        self.requests.append(
            Seen(
                method=request.method.decode("ascii"),
                uri=request.uri.decode("ascii"),
                headers=request.requestHeaders.copy(),
                body=request.content.read(),
            )
        )
        answer = self.script.popleft() if self.script else Scripted()
        if answer.held:
            self._held.append((request, answer))
        else:
            _answer(request, answer)
            request.finish()
        self.arrived.count_one()
        return NOT_DONE_YET


def _answer(request: Request, answer: Scripted) -> None:
    request.setResponseCode(answer.status)
    if not any(name.lower() == "content-type" for name, _ in answer.headers):
        request.setHeader(b"content-type", b"application/json")
    for name, value in answer.headers:
        request.responseHeaders.addRawHeader(name, value)
    if not answer.chunked:
        request.setHeader(b"content-length", b"%d" % len(answer.body))
    request.write(answer.body)
