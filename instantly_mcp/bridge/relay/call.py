"""One line of the client with requests in it, until each of them is answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from attrs import define, field
from twisted.internet.defer import CancelledError

from ..._deferred import deferred
from ..._json_codec import JsonObject, dumps
from ...protocol.wire.errors import HEADER_MISMATCH
from ...protocol.wire.jsonrpc import Id, Request
from ...protocol.wire.param_headers import ParamHeader
from ..messages.request_headers import BOTH_FORMS, modern_headers
from ..messages.tool_book import ToolBook
from ..problems.problem import Problem
from .client import LocalClient
from .failures import REPORTED, Failed, failed
from .legacy import LegacySession
from .link import Link
from .posting import CALL_SECONDS, HANDSHAKE_SECONDS, Posting
from .repeats import may_repeat
from .replies import SessionGone
from .stand_in import StandIn

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 4.0

MAX_SESSIONS = 3
"""How often one call may find that its session is gone."""

FIRST_METHODS = frozenset({"initialize", "server/discover"})
"""What a client asks before it shows anything: it must not wait for long."""


class CallContext(Protocol):
    """What all calls share."""

    posting: Posting
    client: LocalClient
    link: Link
    legacy: LegacySession
    book: ToolBook
    stand_in: StandIn


@define(eq=False, kw_only=True)
class RelayedCall:
    """Requests of the client in one body: one, or a batch.

    :param line: the body.
    :param modern: the era.
    :ivar waiting: the requests that are not answered yet.
    """

    context: CallContext
    line: bytes
    requests: Sequence[Request]
    modern: bool
    waiting: dict[Id, Request] = field(init=False)
    _deadline: float | None = field(default=None, init=False)
    _pause: float = field(default=FIRST_PAUSE_SECONDS, init=False)
    _learned: bool = field(default=False, init=False)
    _mismatch: bytes | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        """Note the ids of the requests."""
        self.waiting = {each.id: each for each in self.requests}

    @property
    def first(self) -> Request:
        """The request, or the first of the batch."""
        return self.requests[0]

    @deferred
    async def run(self) -> None:
        """Try until each request is answered, here if need be."""
        sessions = 0
        while self.waiting:
            try:
                await self._once()
            except CancelledError:
                raise
            except SessionGone as gone:
                sessions += 1
                if sessions < MAX_SESSIONS:
                    continue
                await self._failed(await failed(gone, self.context.posting))
            except REPORTED as error:
                await self._failed(await failed(error, self.context.posting))

    async def _once(self) -> None:
        if self.modern:
            await self._post(modern_headers(self.first, self._params()), None)
            if self._mismatch is not None:
                await self._learn_headers(self._mismatch)
            return
        if self.first.method == "initialize":
            await self._initialize()
            return
        legacy = self.context.legacy
        await legacy.ready()
        generation = legacy.generation
        try:
            headers = legacy.headers()
            await self._post(headers, headers if legacy.is_open else None)
        except SessionGone:
            await legacy.replace(generation)
            raise

    async def _initialize(self) -> None:
        legacy = self.context.legacy
        agreed: list[JsonObject] = []

        def deliver(message: JsonObject, text: bytes) -> None:
            if "method" not in message:
                agreed.append(message)
            else:
                self._deliver(message, text)

        ids = set(self.waiting)
        head = await self.context.posting.post(
            self.line, dict(BOTH_FORMS), ids, deliver, seconds=HANDSHAKE_SECONDS
        )
        for message in agreed:
            # First the session, then the answer: the client may send at once.
            legacy.agreed(message, head.session)
            self._deliver(message, dumps(message))

    async def _post(
        self, headers: dict[str, str], session: dict[str, str] | None
    ) -> None:
        is_first = self.first.method in FIRST_METHODS
        await self.context.posting.post(
            self.line,
            headers,
            set(self.waiting),
            self._deliver,
            seconds=HANDSHAKE_SECONDS if is_first else CALL_SECONDS,
            session=session,
        )

    def _params(self) -> Sequence[ParamHeader]:
        if self.first.method != "tools/call":
            return ()
        return self.context.book.tool(self.first.params.get("name")).headers

    def _deliver(self, message: JsonObject, text: bytes) -> None:
        """Write a message to the client; note what the relay has to know of it."""
        self.context.link.worked()
        if "method" in message:
            self.context.client.write(text)
            return
        request = self.waiting.get(message["id"])
        if request is None:
            return
        if self._is_about_headers(message):
            self._mismatch = text
            return
        del self.waiting[request.id]
        if request.method == "tools/list":
            self.context.book.read(message.get("result"))
        self.context.client.write(text)

    def _is_about_headers(self, message: JsonObject) -> bool:
        """Say whether the daemon misses headers that its list of tools would name."""
        error = message.get("error")
        is_call = self.modern and self.first.method == "tools/call"
        if self._learned or not is_call or not isinstance(error, dict):
            return False
        return error.get("code") == HEADER_MISMATCH

    async def _learn_headers(self, refusal: bytes) -> None:
        """List the tools as the client would, so that the next attempt is complete."""
        self._learned, self._mismatch = True, None
        cursor: JsonObject = {}
        for _ in range(100):
            params = {"_meta": self.first.params.get("_meta"), **cursor}
            listing = Request(0, "tools/list", params)
            headers = modern_headers(listing)
            answer, _ = await self.context.posting.ask("tools/list", params, headers)
            result = answer.get("result")
            self.context.book.read(result)
            following = result.get("nextCursor") if isinstance(result, dict) else None
            if not isinstance(following, str):
                return
            cursor = {"cursor": following}

    async def _failed(self, what: Failed) -> None:
        """Wait for another attempt, or answer what is left."""
        link, clock = self.context.link, self.context.posting.clock
        repeatable = self._may_repeat()
        if what.in_doubt and not repeatable:
            self._answer_doubtful(what)
            return
        is_new = what.in_doubt and self._pause <= FIRST_PAUSE_SECONDS
        if what.is_lost and not is_new:
            link.failed(what.problem)
        if self._deadline is None:
            self._deadline = clock.seconds() + link.patience
        pause = max(self._pause, what.retry_after)
        if what.problem.passes and clock.seconds() + pause <= self._deadline:
            self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
            await self.context.posting.pause(pause)
            return
        if what.reply is not None and self.first.method not in FIRST_METHODS:
            self._finish([dumps(what.reply)])
            return
        link.failed(what.problem)
        self.answer_here(what.problem)

    def _may_repeat(self) -> bool:
        book = self.context.book
        return all(may_repeat(each, book) for each in self.waiting.values())

    def _answer_doubtful(self, what: Failed) -> None:
        stand_in = self.context.stand_in
        if what.reply is not None:
            self._finish([dumps(what.reply)])
            return
        left = self.waiting.values()
        self._finish([stand_in.unknown_outcome(each, what.problem) for each in left])

    def break_off(self) -> None:
        """Answer what is left after a bug of the relay."""
        left = self.waiting.values()
        self._finish([self.context.stand_in.broken(each) for each in left])

    def answer_here(self, problem: Problem) -> None:
        """Answer what is left in place of the daemon."""
        stand_in, left = self.context.stand_in, self.waiting.values()
        self._finish([stand_in.answer(each, problem) for each in left])

    def _finish(self, answers: list[bytes]) -> None:
        self.waiting.clear()
        if len(self.requests) == 1:
            self.context.client.write(answers[0])
        elif answers:
            self.context.client.write(b"[" + b",".join(answers) + b"]")
