"""Takes the lines of the client, and decides what becomes of each."""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ..._deferred import deferred
from ..._json_codec import Json
from ...protocol.wire.classify import ModernMessage, classify
from ...protocol.wire.errors import ProtocolError, overloaded
from ...protocol.wire.jsonrpc import (
    Batch,
    Body,
    Id,
    MalformedMessage,
    Notification,
    Request,
    Response,
    decode,
)
from ...transports.stdio_lines import ILineConsumer
from ..messages.request_headers import modern_headers
from .call import RelayedCall
from .client import LocalClient
from .daemon_side import DaemonSide
from .link import LinkState
from .stand_in import TOOL
from .subscriptions import cancel

MAX_OPEN_REQUESTS = 256
"""Requests of the client that are not answered yet; further ones are refused."""

FINISH_SECONDS = 10.0
"""How long requests may take that are open when the client's input ends."""

CANCELLED = "notifications/cancelled"
INITIALIZED = "notifications/initialized"


@implementer(ILineConsumer)
@define(eq=False, kw_only=True)
class Bridge:
    """Relays between one client and the daemon."""

    side: DaemonSide
    client: LocalClient
    _calls: dict[Id, tuple[RelayedCall, Deferred[None]]] = field(
        factory=dict, init=False, repr=False
    )
    _log: Logger = field(factory=Logger, init=False, repr=False)

    def received(self, line: bytes) -> None:
        """Take one line of the client."""
        try:
            body = decode(line)
            modern = isinstance(classify(body, None), ModernMessage)
        except MalformedMessage as malformed:
            self.client.write(Response(malformed.id, error=malformed.error).encode())
        except ProtocolError as error:
            self.client.write(Response(None, error=error).encode())
        else:
            self._relay(line, body, modern=modern)

    @deferred
    async def ended(self) -> None:
        """Finish open requests within `FINISH_SECONDS`, then end the session."""
        finished: Deferred[Json] = DeferredList(
            [running for _, running in self._calls.values()]
        )
        finished.addTimeout(FINISH_SECONDS, self.side.posting.clock)
        try:
            await finished
        except Exception:
            for _, running in list(self._calls.values()):
                cancel(running)
        self.client.closed = True
        await self.side.stop()

    def pressed(self, high: bool) -> None:
        """Note whether the client leaves too much unread."""
        self.side.posting.http.pressure.change(high)

    def _relay(self, line: bytes, body: Body, *, modern: bool) -> None:
        if isinstance(body, Notification):
            self._notification(line, body, modern=modern)
        elif isinstance(body, Request):
            self._request(line, body, modern=modern)
        elif isinstance(body, Batch):
            self._batch(line, body)
        else:
            self._tell(line)

    def _request(self, line: bytes, request: Request, *, modern: bool) -> None:
        if len(self._calls) + self.side.subscription_count >= MAX_OPEN_REQUESTS:
            error = overloaded("Too many requests are open", 1)
            self.client.write(Response(request.id, error=error).encode())
            return
        if modern:
            self.side.envelope = request.params.get("_meta")
        elif request.method == "initialize":
            self.side.legacy.begin(request)
        else:
            self.side.legacy.asked(request)
        if request.method == "subscriptions/listen" and modern:
            self.side.subscribe(line, request)
        elif request.method == "tools/call" and request.params.get("name") == TOOL:
            self.side.in_background(self._explain(request))
        else:
            self._call(line, [request], modern=modern)

    def _batch(self, line: bytes, batch: Batch) -> None:
        requests = [each for each in batch.members if isinstance(each, Request)]
        for each in requests:
            self.side.legacy.asked(each)
        if requests:
            self._call(line, requests, modern=False)
        else:
            self._tell(line)

    def _call(self, line: bytes, requests: list[Request], *, modern: bool) -> None:
        call = RelayedCall(
            context=self.side, line=line, requests=requests, modern=modern
        )
        problem = self.side.link.recent_problem
        if problem is not None:
            call.answer_here(problem)
            return
        running = call.run()
        if not running.called:
            self._calls[call.first.id] = (call, running)
        running.addBoth(self._finished, call)

    def _finished(self, result: object, call: RelayedCall) -> None:
        entry = self._calls.get(call.first.id)
        if entry is not None and entry[0] is call:
            del self._calls[call.first.id]
        if isinstance(result, Failure) and not result.check(CancelledError):
            self._log.failure("a call failed in the relay", failure=result)
            call.break_off()

    async def _explain(self, request: Request) -> None:
        """Answer a call of the relay's own tool, with the present state."""
        side = self.side
        if side.link.state is LinkState.LOST and side.link.recent_problem is None:
            await side.probe()
        problem = side.link.problem
        if problem is None:
            shown = side.posting.http.address.shown
            self.client.write(side.stand_in.working(request, shown))
        else:
            self.client.write(side.stand_in.answer(request, problem))

    def _notification(self, line: bytes, body: Notification, *, modern: bool) -> None:
        if body.method == INITIALIZED:
            self.side.in_background(self.side.legacy.announce(line))
        elif body.method == CANCELLED:
            self._cancelled(line, body)
        elif modern:
            told = self.side.posting.tell(line, modern_headers(body), in_session=False)
            self.side.in_background(told)
        else:
            self._tell(line)

    def _cancelled(self, line: bytes, body: Notification) -> None:
        id = body.params.get("requestId")
        if not isinstance(id, str | int) or self.side.unsubscribe(id):
            return
        if id in self._calls:
            call, running = self._calls[id]
            if not call.modern:
                self._tell(line)
            # An answer that comes nevertheless is not wanted, nor a resumed stream.
            cancel(running)

    def _tell(self, line: bytes) -> None:
        """Send a message of the legacy era that expects no answer."""
        if self.side.link.state is not LinkState.LOST:
            self.side.in_background(self._told(line))

    async def _told(self, line: bytes) -> None:
        legacy = self.side.legacy
        await legacy.ready()
        await self.side.posting.tell(line, legacy.headers(), in_session=legacy.is_open)
