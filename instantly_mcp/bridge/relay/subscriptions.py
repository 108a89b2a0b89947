"""Subscriptions of the modern era: requests that do not end.

The client subscribes once. When the daemon ends the stream, or the connection is lost,
the relay subscribes again with the client's own request, and the client notices only
that lists may have changed.
"""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred

from ..._deferred import deferred
from ..._json_codec import Json, JsonObject
from ...protocol.wire.jsonrpc import Request
from ..messages.request_headers import modern_headers
from .client import LocalClient
from .failures import REPORTED, failed
from .link import Link
from .posting import HANDSHAKE_SECONDS, Posting
from .stand_in import ACKNOWLEDGED, META_SUBSCRIPTION, acknowledgment

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0

LISTS = {
    "toolsListChanged": "notifications/tools/list_changed",
    "promptsListChanged": "notifications/prompts/list_changed",
    "resourcesListChanged": "notifications/resources/list_changed",
}


@define(eq=False, kw_only=True)
class Subscription:
    """One ``subscriptions/listen`` of the client, until the client cancels it.

    :param line: the request as the client wrote it.
    """

    request: Request
    line: bytes
    posting: Posting
    client: LocalClient
    link: Link
    _acknowledged: bool = field(default=False, init=False)
    _refused: bool = field(default=False, init=False)

    @deferred
    async def run(self) -> None:
        """Keep the subscription until it is cancelled, or the daemon refuses it."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = self.posting.clock.seconds()
            try:
                await self._once()
            except CancelledError:
                raise
            except REPORTED as error:
                what = await failed(error, self.posting)
                if what.is_lost and not (what.in_doubt and self._acknowledged):
                    self.link.failed(what.problem)
                self._acknowledge_here()
            if self._refused:
                return
            await self.link.when_connected()
            await self.posting.pause(pause)
            lasted = self.posting.clock.seconds() - began
            longer = min(2 * pause, LONGEST_PAUSE_SECONDS)
            pause = FIRST_PAUSE_SECONDS if lasted > longer else longer

    def lists_changed(self) -> None:
        """Notify the client that the lists that it listens to may have changed."""
        wanted: Json = self.request.params.get("notifications")
        for kind, method in LISTS.items():
            if isinstance(wanted, dict) and wanted.get(kind) is True:
                meta = {META_SUBSCRIPTION: self.request.id}
                self.client.notify(method, {"_meta": meta})

    async def _once(self) -> None:
        await self.posting.post(
            self.line,
            modern_headers(self.request),
            {self.request.id},
            self._deliver,
            seconds=HANDSHAKE_SECONDS,
        )

    def _deliver(self, message: JsonObject, text: bytes) -> None:
        self.link.worked()
        if "error" in message:
            self._refused = True
            self.client.write(text)
        elif "method" not in message:
            # The daemon stops, or its settings changed: the subscription goes on.
            return
        elif message["method"] != ACKNOWLEDGED:
            self.client.write(text)
        elif not self._acknowledged:
            self._acknowledged = True
            self.client.write(text)

    def _acknowledge_here(self) -> None:
        if not self._acknowledged:
            self._acknowledged = True
            self.client.write(acknowledgment(self.request))


def cancel(running: Deferred[None]) -> None:
    """End a subscription, or a call, without an answer."""
    running.addErrback(lambda failure: failure.trap(CancelledError))
    running.cancel()
