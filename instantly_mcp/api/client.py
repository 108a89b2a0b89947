"""The Instantly client: throttle, slot, deadline, send, read, retry, in that order.

It also guarantees that a write that may have taken effect is sent again only if it is
idempotent, and that its caller cannot interrupt it (see the head of `call`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from attrs import define, field
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.iweb import IAgent
from zope.interface import implementer

from .._credential import Credential
from .._json_codec import Json, JsonObject
from .._noop import noop
from ..catalog.operation import Operation
from . import error_messages, response
from .call import ApiCall, explained
from .errors import ApiError, Reason
from .grant import Grant
from .http.exchange import Sender
from .interfaces import IDetached, IInstantly
from .left_writes import LeftWrites, key_of
from .observation import Health, Observe, UntrackedWrites, outcome_of
from .pace.breaker import Breaker
from .pace.concurrency import Concurrency
from .pace.retry import AttemptFailed, FailureKind, RetryPolicy
from .pace.throttle import Throttle
from .request import PreparedCall, prepare, with_key
from .response import HttpReply
from .turn import take_turn, wait_before_retry
from .under_way import UnderWay
from .upstream import Upstream

MAX_REPLY_BYTES = 10_000_000
"""The default limit of a reply after it is decompressed."""

_MAX_SLOWDOWN_SECONDS = 60.0
"""After a 429 the calls of a lane pause for this time at most."""


@implementer(IInstantly)
@define(eq=False, kw_only=True)
class InstantlyClient:
    """Executes operations of the catalog over any agent.

    :param agent: sends requests: from `connection.connect_to`, or an embedded one.
    :param retries: when to try again; contains the injected source of random numbers.
    :param detached: notified of writes that go on after their caller has left.
    :param observe: notified of each call that ended.
    :param call_seconds: deadline of a whole call with all its attempts.
    :param max_reply: limit of a decoded reply in bytes.
    """

    log: ClassVar[Logger] = Logger()

    agent: IAgent
    upstream: Upstream
    clock: IReactorTime
    throttle: Throttle
    breaker: Breaker
    concurrency: Concurrency
    retries: RetryPolicy
    detached: IDetached = field(factory=UntrackedWrites)
    observe: Observe = noop
    call_seconds: float = 120.0
    max_reply: int = MAX_REPLY_BYTES
    _sender: Sender = field(init=False)
    _left_writes: LeftWrites = field(init=False)
    _detached_now: int = field(default=0, init=False)
    under_way: UnderWay = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._sender = Sender(self.agent, self.clock, self.max_reply)
        self._left_writes = LeftWrites(self.clock)
        self.under_way = UnderWay(self.detached)

    @classmethod
    def assemble(
        cls,
        *,
        agent: IAgent,
        base_url: str,
        clock: IReactorTime,
        random: Callable[[], float],
        detached: IDetached | None = None,
        observe: Observe = noop,
        throttle: Throttle | None = None,
        breaker: Breaker | None = None,
        concurrency: Concurrency | None = None,
    ) -> InstantlyClient:
        """Build a client with the default limits.

        :raises ValueError: when `base_url` is not an http or https base URL.
        """
        return cls(
            agent=agent,
            upstream=Upstream.parse(base_url),
            clock=clock,
            throttle=throttle or Throttle(clock=clock),
            breaker=breaker or Breaker(clock=clock),
            concurrency=concurrency or Concurrency(clock=clock),
            retries=RetryPolicy(random=random),
            detached=detached or UntrackedWrites(),
            observe=observe,
        )

    @property
    def health(self) -> Health:
        """The current state, for the readiness probe and the metrics."""
        return Health(
            breaker=self.breaker.state.value,
            in_flight=self.under_way.count,
            waiting=self.concurrency.waiting,
            detached=self._detached_now,
        )

    def execute(
        self,
        operation: Operation,
        arguments: JsonObject,
        grant: Grant,
        traceparent: str | None = None,
        until: float | None = None,
    ) -> Deferred[Json]:
        credential = grant.credential
        if not grant.use(operation, arguments):
            return fail(error_messages.not_granted(operation))
        left = self.collect(operation, arguments, credential)
        if left is not None:
            return left if until is None else self._answer_by(left, operation, until)
        now = self.clock.seconds()
        longest = now + self.call_seconds
        until = longest if until is None else until
        if until <= now:
            return fail(error_messages.no_time_left(operation))
        write = not operation.effect.read_only
        # A write gets the full time, even when its caller stops waiting earlier.
        limit = longest if write else min(until, longest)
        call = ApiCall(operation, arguments, grant, now, limit, traceparent)
        call.work = work = Deferred.fromCoroutine(self._run(call))
        self.under_way.work_started(call)
        answer: Deferred[Json] = Deferred(lambda _: self._leave(call, work))
        work.addBoth(self._settle, call, answer)
        if write and until < longest and not answer.called:
            return self._answer_by(answer, operation, until, call)
        return answer

    def collect(
        self, operation: Operation, arguments: JsonObject, credential: Credential
    ) -> Deferred[Json] | None:
        if operation.effect.idempotent or not len(self._left_writes):
            return None
        return self._left_writes.collect(key_of(operation, arguments, credential))

    def _answer_by(
        self,
        answer: Deferred[Json],
        operation: Operation,
        until: float,
        call: ApiCall | None = None,
    ) -> Deferred[Json]:
        """Answer at `until` at the latest; a write on the wire goes on after that."""
        seconds = max(0.0, until - self.clock.seconds())

        def late(result: object, timeout: float) -> object:
            if call is not None and call.settled is None and not call.doubtful:
                error = error_messages.timed_out(operation, "was not reached in time")
                return Failure(error)
            if operation.effect.idempotent:
                why = f"Instantly has not answered within {timeout:.0f} s."
                return Failure(error_messages.outcome_unknown(operation, why))
            return Failure(error_messages.still_running(operation))

        return answer.addTimeout(seconds, self.clock, late)

    def _settle(self, result: object, call: ApiCall, answer: Deferred[Json]) -> None:
        if not call.left:
            answer.callback(result)
        elif call.settled is not None:
            self._detached_now -= 1
            self.log.info(
                "Write {operation_id} ended after its caller had left: {outcome}",
                operation_id=call.operation.id,
                outcome=outcome_of(result),
            )
            if call.left_write is not None:
                self._left_writes.end(call.left_write, result)
            call.grant.on_late_end(result)
            call.settled.callback(None)

    def _leave(self, call: ApiCall, work: Deferred[Json]) -> None:
        """Stop a call whose caller cancelled, unless the API may have seen it."""
        if not call.leave():
            work.cancel()
            return
        self._detached_now += 1
        call.settled = Deferred()
        if not call.operation.effect.idempotent:
            key = key_of(call.operation, call.arguments, call.credential)
            call.left_write = self._left_writes.add(key)
        self.detached.track(call.settled)

    async def _run(self, call: ApiCall) -> Json:
        started = self.clock.seconds()
        outcome = "ok"
        self.under_way.begin(call)
        try:
            return await self._attempts(call)
        except Exception as error:
            call.note_defect()
            explained = self.under_way.explained(call, error)
            outcome = outcome_of(Failure(explained))
            raise explained from error.__cause__
        finally:
            self.under_way.end(call)
            seconds = self.clock.seconds() - started
            self.observe(call.operation.id, outcome, seconds)

    async def _attempts(self, call: ApiCall) -> Json:
        arguments, credential = call.arguments, call.credential
        prepared = prepare(
            self.upstream, call.operation, arguments, credential, call.traceparent
        )
        self.retries.count_call()
        tried = 0
        last: AttemptFailed | None = None
        while True:
            try:
                return await self._attempt(call, prepared, tried)
            except AttemptFailed as failed:
                call.payload = None
                pause = self._pause(call, failed, tried)
                self._report_to_breaker(failed, last=pause is None)
                if last is None or failed.error.reason is not Reason.OVERLOADED:
                    last = failed
                if pause is None:
                    raise last.error from None
                call.note_doubt(failed.is_server_error)
            await wait_before_retry(call, pause, last, self.concurrency, self.clock)
            tried += 1

    def _report_to_breaker(self, failed: AttemptFailed, *, last: bool) -> None:
        """Report the outcome of calls, not of attempts that are tried again."""
        if failed.entered is None:
            return
        if not failed.counts_as_failure:
            self.breaker.leave(failed.entered, True)
        else:
            self.breaker.leave(failed.entered, False if last else None)

    def _pause(self, call: ApiCall, failed: AttemptFailed, tried: int) -> float | None:
        if call.left or call.stopped:
            return None
        pause = self.retries.pause(call.operation, failed, tried)
        if pause is None or self.clock.seconds() + pause >= call.until:
            return None
        return pause

    async def _attempt(self, call: ApiCall, prepared: PreparedCall, tried: int) -> Json:
        await take_turn(call, self.throttle, self.concurrency, self.clock)
        try:
            return await self._on_a_slot(call, prepared, tried)
        finally:
            self.concurrency.leave(call.credential.principal)

    async def _on_a_slot(
        self, call: ApiCall, prepared: PreparedCall, tried: int
    ) -> Json:
        if not call.grant.may_go():
            raise error_messages.sending_off(call.operation)
        entered = self.breaker.enter()
        if entered is None:
            after = self.breaker.retry_after
            raise AttemptFailed(error_messages.calls_paused(call.operation, after))
        try:
            call.acting = call.credential.pinned
            if call.acting is not call.credential:
                prepared = with_key(prepared, call.acting)
            reply = await self._exchange(call, prepared)
            value = self._value(call, reply, tried)
        except AttemptFailed as failed:
            failed.entered = entered
            raise
        except BaseException:
            self.breaker.leave(entered, None)
            raise
        self.breaker.leave(entered, True)
        return value

    async def _exchange(self, call: ApiCall, prepared: PreparedCall) -> HttpReply:
        if prepared.body is not None or not call.operation.effect.read_only:
            call.attach(prepared.body)
        left = call.until - self.clock.seconds()
        patience = max(0.0, min(call.operation.first_byte_seconds, left))
        late = f"did not begin to answer within {patience:.0f} s"
        timer = self.clock.callLater(patience, call.expire)
        try:
            call.pending = sent = self._sender.send(prepared, call.payload)
            reply = await sent
            late = f"did not finish its answer within {call.until - call.begun:.0f} s"
            if patience < left:
                timer.reset(max(0.0, call.until - self.clock.seconds()))
            call.pending = collected = self._sender.collect(reply)
            body = await collected
        except Exception as error:
            raise explained(call, error, late, self.max_reply) from None
        finally:
            call.pending = None
            if timer.active():
                timer.cancel()
        return HttpReply(status=reply.code, headers=reply.headers, body=body)

    def _value(self, call: ApiCall, reply: HttpReply, tried: int) -> Json:
        try:
            return response.read(call.operation, reply, call.acting)
        except ApiError as error:
            if error.reason is Reason.UNEXPECTED_REPLY:
                self._log_unexpected(call, reply)
            if error.status == 429:
                self._slow_down(call, error, tried)
            if error.reason is Reason.NOT_FOUND and call.may_have_deleted:
                error.message = f"{error_messages.DELETED_BEFORE} {error.message}"
            raise AttemptFailed(error, FailureKind.ANSWERED) from None

    def _slow_down(self, call: ApiCall, error: ApiError, tried: int) -> None:
        asked = error.retry_after
        pause = self.retries.backoff(tried) if asked is None else asked
        self.throttle.slow_down(
            call.credential.workspace_key,
            call.operation,
            min(pause, _MAX_SLOWDOWN_SECONDS),
            asked=pause,
        )

    def _log_unexpected(self, call: ApiCall, reply: HttpReply) -> None:
        self.log.warn(
            "Unexpected reply to {operation_id}: {status}, {size} bytes {snippet}",
            operation_id=call.operation.id,
            status=reply.status,
            size=len(reply.body),
            snippet=response.page_excerpt(reply, call.acting),
        )
