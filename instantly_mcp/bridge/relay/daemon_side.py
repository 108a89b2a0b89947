"""The daemon's side: the connection, the session, and what keeps both alive."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from ..._deferred import deferred
from ..._json_codec import Json
from ...protocol.wire.jsonrpc import Id, Request
from ..messages.request_headers import modern_headers
from ..messages.tool_book import ToolBook
from .client import LocalClient
from .failures import REPORTED, failed
from .legacy import LegacySession
from .link import Link
from .posting import Posting
from .replies import SessionGone
from .server_stream import ServerStream
from .stand_in import StandIn
from .subscriptions import LISTS, Subscription, cancel


@define(eq=False, kw_only=True)
class DaemonSide:
    """What all messages of one client share.

    :param report: writes a line for the user, on standard error.
    """

    posting: Posting
    client: LocalClient
    report: Callable[[str], object]
    stand_in: StandIn = field(factory=StandIn)
    book: ToolBook = field(factory=ToolBook, init=False)
    link: Link = field(init=False)
    legacy: LegacySession = field(init=False)
    envelope: Json = field(default=None, init=False, repr=False)
    _stream: ServerStream = field(init=False, repr=False)
    _subscriptions: dict[Id, tuple[Subscription, Deferred[None]]] = field(
        factory=dict, init=False, repr=False
    )
    _background: set[Deferred[None]] = field(factory=set, init=False, repr=False)
    _log: Logger = field(factory=Logger, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Connect the parts."""
        self.link = Link(
            clock=self.posting.clock,
            probe=self.probe,
            report=lambda problem: self.report(problem.text),
            returned=self._returned,
        )
        self.legacy = LegacySession(posting=self.posting, opened=self._session_opened)
        self._stream = ServerStream(
            legacy=self.legacy, client=self.client, link=self.link
        )

    @property
    def subscription_count(self) -> int:
        """How many subscriptions the client has."""
        return len(self._subscriptions)

    @deferred
    async def probe(self) -> None:
        """Try to reach the daemon, and note in `link` what came of it."""
        try:
            if self.legacy.wanted:
                await self._probe_session()
            elif self.envelope is not None:
                params = {"_meta": self.envelope}
                discover = Request(0, "server/discover", params)
                headers = modern_headers(discover)
                await self.posting.ask(discover.method, params, headers)
        except CancelledError:
            raise
        except REPORTED as error:
            self.link.failed((await failed(error, self.posting)).problem)
        else:
            self.link.worked()

    def subscribe(self, line: bytes, request: Request) -> None:
        """Begin a subscription of the client."""
        subscription = Subscription(
            request=request,
            line=line,
            posting=self.posting,
            client=self.client,
            link=self.link,
        )
        running = subscription.run()
        if not running.called:
            self._subscriptions[request.id] = (subscription, running)
        running.addErrback(self._note_failure)
        running.addCallback(lambda _: self._subscriptions.pop(request.id, None))

    def unsubscribe(self, id: Id) -> bool:
        """End a subscription; say whether there was one of this id."""
        if id not in self._subscriptions:
            return False
        cancel(self._subscriptions[id][1])
        return True

    def in_background(self, work: Coroutine[Deferred[Any], Any, None]) -> None:
        """Run what no request waits for. If it fails, that is noted in `link`."""
        running = Deferred.fromCoroutine(self._noted(work))
        self._background.add(running)
        running.addErrback(self._note_failure)
        running.addCallback(lambda _: self._background.discard(running))

    async def stop(self) -> None:
        """Stop everything, and end the session."""
        self.link.stop()
        self._stream.stop()
        for _, running in list(self._subscriptions.values()):
            cancel(running)
        for running in list(self._background):
            running.cancel()
        await self.legacy.end()
        self.posting.http.close()

    async def _probe_session(self) -> None:
        if not self.legacy.is_open:
            await self.legacy.ready()
            return
        generation, headers = self.legacy.generation, self.legacy.headers()
        try:
            await self.posting.ask("ping", {}, headers, session=headers)
        except SessionGone:
            await self.legacy.replace(generation)
        else:
            await self.legacy.restore()

    async def _noted(self, work: Coroutine[Deferred[Any], Any, None]) -> None:
        try:
            await work
        except CancelledError:
            raise
        except SessionGone:
            # What was said belonged to that session. The next request opens another.
            return
        except REPORTED as error:
            what = await failed(error, self.posting)
            if what.is_lost and not what.in_doubt:
                self.link.failed(what.problem)

    def _note_failure(self, failure: Any) -> None:
        if not failure.check(CancelledError):
            self._log.failure("the relay failed in the background", failure=failure)

    def _session_opened(self) -> None:
        self._stream.start()

    def _returned(self) -> None:
        """Notify the client that the lists may have changed."""
        if self.legacy.announced:
            for method in LISTS.values():
                self.client.notify(method)
            if self.legacy.is_open:
                self._stream.start()
        for subscription, _ in list(self._subscriptions.values()):
            subscription.lists_changed()
