"""Sends the same mail once, however often it is asked for within ten minutes.

A client that got no answer asks again, and so does a model. The same request gets the
result of the first one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import sha256

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from ..._json_codec import Json, JsonObject, dumps
from ...api.errors import ApiError, Reason
from ..error_hints import in_doubt
from ..results import Refusal, crowded

WINDOW = 600.0
MOST = 2000
MOST_WAITING = 256
"""Requests that wait for one mail to be sent."""

Send = Callable[[], Awaitable[JsonObject]]
Collect = Callable[[], Awaitable[JsonObject] | None]


def digest_of(principal: str, request: Json) -> bytes:
    """Return what stands for a request; nothing can be read from it."""
    return sha256(dumps([principal, request])).digest()


@define(eq=False)
class _Sending:
    """One mail: being sent, sent, or handed over with nothing heard since."""

    since: float
    result: JsonObject | None = None
    in_doubt: bool = False
    waiting: list[Deferred[None]] = field(factory=list)

    def settle(self) -> None:
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            each.callback(None)


@define(eq=False)
class Once:
    """Remembers what was sent lately, the oldest forgotten first."""

    clock: IReactorTime
    window: float = WINDOW
    most: int = MOST
    _known: OrderedDict[bytes, _Sending] = field(factory=OrderedDict, init=False)

    async def send(self, digest: bytes, send: Send, collect: Collect) -> JsonObject:
        """Send, or return the result of the same mail that was sent before.

        :param collect: returns the result of a sending whose caller left, if there is
            one; it sends nothing.

        :raises Refusal: when it is not known whether that one was sent.
        """
        known = self._recent(digest)
        if known is not None:
            return await self._again(digest, known, send, collect)
        sending = self._known[digest] = _Sending(self.clock.seconds())
        if len(self._known) > self.most:
            self._known.popitem(last=False)
        return await self._settled(digest, sending, send())

    async def _settled(
        self, digest: bytes, sending: _Sending, result: Awaitable[JsonObject]
    ) -> JsonObject:
        try:
            sending.result = await result
        except ApiError as error:
            self._failed(digest, sending, error)
            raise
        except BaseException:
            # The caller left; what was sent goes on without it.
            sending.in_doubt = True
            raise
        finally:
            sending.settle()
        return sending.result

    def _recent(self, digest: bytes) -> _Sending | None:
        known = self._known.get(digest)
        if known is None or self.clock.seconds() - known.since < self.window:
            return known
        del self._known[digest]
        return None

    def _failed(self, digest: bytes, sending: _Sending, error: ApiError) -> None:
        if in_doubt(error) or error.reason is Reason.STILL_RUNNING:
            sending.in_doubt = True
        elif self._known.get(digest) is sending:
            del self._known[digest]

    async def _again(
        self, digest: bytes, known: _Sending, send: Send, collect: Collect
    ) -> JsonObject:
        if known.result is None and not known.in_doubt:
            told: Deferred[None] = Deferred()
            if len(known.waiting) >= MOST_WAITING:
                raise crowded("replyToEmail")
            known.waiting.append(told)
            await told
        if known.result is not None:
            return {**known.result, "note": self._note(known)}
        if known.in_doubt:
            collected = collect()
            if collected is not None:
                return await self._settled(digest, known, collected)
            raise Refusal(
                "outcome_unknown",
                "The same reply was submitted recently, and it is not known whether it "
                "was sent. It was not sent again.",
                "Check with list_emails (email_type sent), and tell the user what you "
                "found.",
            )
        return await self.send(digest, send, collect)

    def _note(self, known: _Sending) -> str:
        ago = self.clock.seconds() - known.since
        return f"The same reply was sent {ago:.0f} s ago; it was not sent again."
