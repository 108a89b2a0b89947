"""Idempotent sending: equal requests send one mail within ten minutes.

A client that receives no answer repeats its request, and so does a model. Instantly
has no idempotency keys, so the server remembers a digest of each sent reply (caller and
complete request) and what became of it:

- being sent: an equal request waits for that result;
- sent: it gets the same result, with a note that nothing was sent again;
- failed with nothing sent: it sends;
- unknown, because the caller left or Instantly did not answer: it gets the late result
  if there is one, else it is refused. The caller has to look before sending again.

The digest includes the principal: no caller gets another caller's result.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import sha256

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from ...._json_codec import Json, JsonObject, dumps
from ....api.errors import ApiError, Reason
from ....protocol.calls.ask_by_retry import InputRequired
from ....protocol.calls.client_requests import CannotAsk
from ....protocol.wire.errors import ProtocolError
from ...error_hints import in_doubt
from ...results import (
    MAX_WAITING_REQUESTS,
    CallRefusedError,
    LeftBeforeSendingError,
    too_many_waiting,
)

REMEMBERED_SECONDS = 600.0
MAX_REMEMBERED_MAILS = 2000

Send = Callable[[], Awaitable[JsonObject]]
Collect = Callable[[], Awaitable[JsonObject] | None]


_NOT_SENT = (
    *(CallRefusedError, LeftBeforeSendingError),
    *(InputRequired, CannotAsk, ProtocolError),
)
"""What a mail ends with that surely was not sent, besides some errors of the API."""


def digest_of(principal: str, request: Json) -> bytes:
    """Return a hash that identifies a caller's request without holding its content."""
    return sha256(dumps([principal, request])).digest()


@define(eq=False)
class _Sending:
    """One mail: being sent, sent, or with an unknown outcome.

    :param since: when sending began, in clock seconds.
    :param waiting: fired when the outcome is known.
    """

    since: float
    result: JsonObject | None = None
    in_doubt: bool = False
    waiting: list[Deferred[None]] = field(factory=list)

    def settle(self) -> None:
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            each.callback(None)


@define(eq=False)
class SendOnce:
    """Remembers recently sent mails; the oldest is forgotten first."""

    clock: IReactorTime
    _known: OrderedDict[bytes, _Sending] = field(factory=OrderedDict, init=False)

    def knows(self, digest: bytes) -> bool:
        """Say whether an equal mail was sent, or may have been, a short time ago."""
        return self._recent(digest) is not None

    async def send(self, digest: bytes, send: Send, collect: Collect) -> JsonObject:
        """Send a mail, or return the result of an equal one that was sent before.

        :param digest: from `digest_of`.
        :param collect: returns the late result of a request whose caller left, or
            ``None``; it sends nothing.
        :raises CallRefusedError: when the earlier mail may have been sent.
        :raises ApiError: when sending fails, or too many requests wait.
        """
        known = self._recent(digest)
        if known is not None:
            return await self._again(digest, known, send, collect)
        sending = self._known[digest] = _Sending(self.clock.seconds())
        if len(self._known) > MAX_REMEMBERED_MAILS:
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
        except _NOT_SENT:
            self._forget(digest, sending)  # Nothing was sent.
            raise
        except BaseException:
            # The caller left, but the HTTP request to Instantly continues.
            sending.in_doubt = True
            raise
        finally:
            sending.settle()
        return sending.result

    def _recent(self, digest: bytes) -> _Sending | None:
        known = self._known.get(digest)
        if known is None or self.clock.seconds() - known.since < REMEMBERED_SECONDS:
            return known
        del self._known[digest]
        return None

    def _failed(self, digest: bytes, sending: _Sending, error: ApiError) -> None:
        if in_doubt(error) or error.reason is Reason.STILL_RUNNING:
            sending.in_doubt = True
        else:
            self._forget(digest, sending)

    def _forget(self, digest: bytes, sending: _Sending) -> None:
        if self._known.get(digest) is sending:
            del self._known[digest]

    async def _again(
        self, digest: bytes, known: _Sending, send: Send, collect: Collect
    ) -> JsonObject:
        if known.result is None and not known.in_doubt:
            settled: Deferred[None] = Deferred()
            if len(known.waiting) >= MAX_WAITING_REQUESTS:
                raise too_many_waiting("replyToEmail")
            known.waiting.append(settled)
            await settled
        if known.result is not None:
            return {**known.result, "note": self._note(known)}
        if known.in_doubt:
            collected = collect()
            if collected is not None:
                return await self._settled(digest, known, collected)
            raise CallRefusedError(
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
