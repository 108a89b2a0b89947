"""POSTs to the daemon: one attempt, and what its failure means."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from ..._json_codec import Json, JsonObject, dumps
from ...protocol.wire.jsonrpc import Id
from ..http.certificates import look_at
from ..http.daemon_http import AnswerLost, DaemonHttp, NotSent, ReplyHead
from ..problems.diagnosis import certificate_error_in, explain, explain_certificate
from ..problems.problem import Problem
from ..problems.statuses import forgetful
from .link import RESTART_SECONDS
from .replies import (
    Deliver,
    Overloaded,
    ProxyFailed,
    ReplyReader,
    SessionGone,
    TurnedAway,
)

HANDSHAKE_SECONDS = 10.0
"""Deadline for the answer to a request that a client needs before it shows anything."""

CALL_SECONDS = 600.0
"""Deadline for the answer to any other request to begin. Clients give up before."""

RESUME_SECONDS = 1.0
"""Pause before a stream is resumed, unless the daemon asks for another."""

FAILURES = (NotSent, AnswerLost, SessionGone, TurnedAway, Overloaded)
"""Everything that `Posting.post` raises."""


@define(eq=False, kw_only=True)
class Posting:
    """Sends messages to the daemon.

    :param reactor: opens the connections on which certificates are looked at.
    """

    http: DaemonHttp
    reactor: object
    _numbers: count[int] = field(factory=lambda: count(1), init=False, repr=False)

    @property
    def clock(self) -> IReactorTime:
        """The clock of all deadlines and pauses."""
        return self.http.clock

    def pause(self, seconds: float) -> Deferred[None]:
        """Fire after some time."""
        return deferLater(self.clock, seconds)

    async def post(
        self,
        body: bytes,
        headers: Mapping[str, str],
        expected: set[Id],
        deliver: Deliver,
        *,
        seconds: float = CALL_SECONDS,
        session: Mapping[str, str] | None = None,
    ) -> ReplyHead:
        """Send a body, and deliver what is answered.

        :param expected: the ids of the requests in it; those that are answered are
            removed.
        :param seconds: deadline for the beginning of the reply.
        :param session: the headers with which a stream that is cut can be resumed.
        :raises NotSent: see `FAILURES`, all of which it may raise.
        """
        reader = ReplyReader(
            http=self.http,
            expected=expected,
            in_session=session is not None,
            deliver=deliver,
        )
        head = await self.http.send("POST", headers, body, seconds)
        try:
            await reader.read(head)
        except AnswerLost:
            if session is None or not reader.parser.last_id:
                raise
            await self._resume(reader, session)
        return head

    async def ask(
        self,
        method: str,
        params: JsonObject,
        headers: Mapping[str, str],
        *,
        session: Mapping[str, str] | None = None,
        seconds: float = HANDSHAKE_SECONDS,
    ) -> tuple[JsonObject, ReplyHead]:
        """Send a request of the relay itself; return the response and its head.

        Other messages that arrive with it are dropped.

        :raises NotSent: see `FAILURES`, all of which it may raise.
        """
        id = f"relay-{next(self._numbers)}"
        found: list[JsonObject] = []

        def keep(message: JsonObject, _: bytes) -> None:
            if message.get("id") == id and "method" not in message:
                found.append(message)

        body = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
        head = await self.post(
            dumps(body), headers, {id}, keep, seconds=seconds, session=session
        )
        return found[0], head

    async def tell(
        self, message: Json, headers: Mapping[str, str], in_session: bool
    ) -> None:
        """Send a message that expects no answer.

        :param message: the message, or its bytes.
        :raises NotSent: see `FAILURES`, all of which it may raise.
        """
        body = message if isinstance(message, bytes) else dumps(message)
        session = headers if in_session else None
        deadline = self.clock.seconds() + RESTART_SECONDS
        while True:
            try:
                await self.post(
                    body,
                    headers,
                    set(),
                    lambda *_: None,
                    seconds=HANDSHAKE_SECONDS,
                    session=session,
                )
                return
            except Overloaded as limited:
                # The user's answer to a question may not be lost.
                pause = max(limited.retry_after, RESUME_SECONDS)
                if not limited.is_limit or self.clock.seconds() + pause > deadline:
                    raise
                await self.pause(pause)

    async def problem_of(self, error: BaseException) -> Problem:
        """Return the problem that one of `FAILURES` means."""
        if isinstance(error, TurnedAway | Overloaded | ProxyFailed):
            return error.problem
        if isinstance(error, SessionGone):
            return forgetful(self.http.address)
        refused = certificate_error_in(error)
        if refused is None:
            return explain(error, self.http.address)
        facts = await look_at(self.http.address, self.reactor)
        return explain_certificate(refused, facts, self.http.address)

    async def _resume(self, reader: ReplyReader, session: Mapping[str, str]) -> None:
        """Continue a stream that was cut, for as long as a restart may take.

        :raises AnswerLost: when that fails.
        """
        deadline = self.clock.seconds() + RESTART_SECONDS
        while reader.expected:
            asked = reader.parser.retry_ms
            await self.pause(RESUME_SECONDS if asked is None else asked / 1000)
            before = reader.parser.last_id
            headers = {
                **session,
                "accept": "text/event-stream",
                "last-event-id": before,
            }
            try:
                head = await self.http.send("GET", headers, b"", HANDSHAKE_SECONDS)
                await reader.resume(head)
            except AnswerLost:
                if reader.is_over or self.clock.seconds() > deadline:
                    raise
                if reader.parser.last_id != before:
                    deadline = self.clock.seconds() + RESTART_SECONDS
