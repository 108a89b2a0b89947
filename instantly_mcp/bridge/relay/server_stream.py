"""The stream of a legacy session on which the daemon sends what no request asked for.

It also shows first that the daemon is gone, and that it is back.
"""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred

from ..._deferred import deferred
from ..._json_codec import JsonObject
from ..http.daemon_http import AnswerLost, ReplyHead
from ..http.sse import EventParser, ServerEvent
from ..problems.statuses import failing
from .client import LocalClient, read_message
from .failures import REPORTED, failed
from .legacy import LegacySession
from .link import Link
from .posting import HANDSHAKE_SECONDS, RESUME_SECONDS
from .replies import ProxyFailed, SessionGone

MAX_PAUSE_SECONDS = 60.0


class NoServerStream(Exception):
    """The daemon does not offer such a stream (405), or no further one (409)."""


@define(eq=False, kw_only=True)
class ServerStream:
    """Keeps the stream open, across restarts of the daemon."""

    legacy: LegacySession
    client: LocalClient
    link: Link
    _parser: EventParser = field(factory=EventParser, init=False, repr=False)
    _generation: int = field(default=0, init=False)
    _running: Deferred[None] | None = field(default=None, init=False, repr=False)

    def start(self) -> None:
        """Begin, unless it runs."""
        if self._running is None:
            running = self._run()
            if not running.called:
                self._running = running
            running.addErrback(lambda failure: failure.trap(CancelledError))
            running.addCallback(self._stopped)

    def stop(self) -> None:
        """Close the stream."""
        if self._running is not None:
            self._running.cancel()

    def _stopped(self, _: object) -> None:
        self._running = None

    @deferred
    async def _run(self) -> None:
        pause = RESUME_SECONDS
        while True:
            try:
                await self._once()
                pause = RESUME_SECONDS
            except NoServerStream:
                return
            except AnswerLost as lost:
                if isinstance(lost, ProxyFailed):
                    self.link.failed(lost.problem)
            except REPORTED as error:
                what = await failed(error, self.legacy.posting)
                if what.is_lost:
                    self.link.failed(what.problem)
            await self.link.when_connected()
            asked = self._parser.retry_ms
            await self.legacy.posting.pause(pause if asked is None else asked / 1000)
            pause = min(2 * pause, MAX_PAUSE_SECONDS)

    async def _once(self) -> None:
        """Open the stream and read it to its end."""
        await self.legacy.ready()
        generation = self.legacy.generation
        if generation != self._generation:
            self._generation, self._parser = generation, EventParser()
        headers = {**self.legacy.headers(), "accept": "text/event-stream"}
        if self._parser.last_id and self._parser.last_id.isprintable():
            headers["last-event-id"] = self._parser.last_id
        http = self.legacy.posting.http
        head = await http.send("GET", headers, b"", HANDSHAKE_SECONDS)
        if not (head.streams and head.status == 200):
            await self._refused(head, generation)
            return
        self.link.worked()
        last_id, self._parser = self._parser.last_id, EventParser()
        self._parser.last_id = last_id
        await http.finished(http.events(head, self._parser, self._take))

    async def _refused(self, head: ReplyHead, generation: int) -> None:
        http = self.legacy.posting.http
        await http.read(head)
        if head.status == 429:
            raise AnswerLost
        if head.status >= 500:
            raise ProxyFailed(failing(head.status, http.address))
        if head.status != 404:
            raise NoServerStream
        try:
            await self.legacy.replace(generation)
        except SessionGone:
            # The daemon has no session for anyone: not even a new one.
            raise NoServerStream from None

    def _take(self, event: ServerEvent) -> None:
        value = read_message(event.data) if event.data else None
        if isinstance(value, dict) and _is_from_server(value):
            self.client.write(event.data)


def _is_from_server(message: JsonObject) -> bool:
    """Say whether it is a request or a notification: nothing here was asked for."""
    return isinstance(message.get("method"), str)
